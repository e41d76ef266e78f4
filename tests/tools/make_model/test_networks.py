"""Trainings one after the other, on a tiny data set; the folds are by patient."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tools.make_model.networks import (
    RUN,
    distil,
    pretrain,
    start_weights,
    student_run,
    train_all_teachers,
)

from distiliqa.files import write_csv, write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.data.rated_folder import MANIFEST, TRAIN

TINY = """
network: {preset: compact, stem_width: 2, depth: 1, width: 8, heads: 2, mlp: 8}
data: {scale: [0, 4]}
folds: {count: 2}
teacher: {epochs: 1, batch_size: 4, optimizer: adamw, select_on: error}
hardware: {accelerator: cpu}
"""
STUDENT = "{epochs: 1, batch_size: 4, optimizer: adamw, select_on: error}"
PRETRAINING, OTHERS = ("P1", "P2"), ("T1", "T2")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, write_ct: Callable[..., Path]) -> Path:
    """Folder with images of four patients, and with the settings."""
    folder, rng = tmp_path_factory.mktemp("model"), np.random.default_rng(0)
    rows = []
    for case in (*PRETRAINING, *OTHERS):
        for version, noise in enumerate((5, 40)):
            path = f"{case}/{version}.dcm"
            write_ct(folder / "images" / path, rng.normal(40, noise, (48, 48)), PatientID=case)
            rows.append([path, case, f"{case}.dcm", 3.5 - version])
    write_csv(folder / "images" / MANIFEST, ("path", "case", "source", "score"), rows)
    write_json(folder / "images" / TRAIN, {row[0]: row[3] for row in rows})
    (folder / "tiny.yaml").write_text(TINY)
    (folder / "student.yaml").write_text(STUDENT)
    for name in ("pretrain", "teachers", "student"):
        (folder / name).mkdir()
    pretrain(folder / "tiny.yaml", folder / "images", PRETRAINING, folder / "pretrain")
    train_all_teachers(
        folder / "tiny.yaml",
        folder / "images",
        start_weights(folder / "pretrain"),
        PRETRAINING,
        folder / "teachers",
    )
    return folder


def held_out_cases(run: Path) -> list[set[str]]:
    facts = read_json(run / "run.json")
    return [{name.partition("/")[0] for name in fold} for fold in facts["folds"]]


def test_pretraining_sees_its_patients_alone(work: Path) -> None:
    assert sorted(held_out_cases(work / "pretrain" / RUN), key=sorted) == [{"P1"}, {"P2"}]
    assert read_json(work / "pretrain" / RUN / "run.json")["images"] == 4


def test_pretraining_patients_are_in_no_later_validation(work: Path) -> None:
    assert sorted(held_out_cases(work / "teachers" / RUN), key=sorted) == [{"T1"}, {"T2"}]
    assert read_json(work / "teachers" / RUN / "run.json")["images"] == 8


def test_a_student_is_distilled_in_a_folder_of_its_own(work: Path) -> None:
    outcome = distil(work / "student.yaml", work / "teachers", work / "student")
    assert [path.name for path in outcome.results] == ["best.safetensors"]
    assert outcome.results[0].is_file()
    assert outcome.figures["epoch"] == 0
    assert not (work / "teachers" / RUN / "student").exists()
    again = distil(work / "student.yaml", work / "teachers", work / "student")
    assert again.figures == outcome.figures
    assert student_run(work / "student.yaml", work / "student").recipe.student.batch_size == 4
