"""A tiny ablation to its end: equal images shown, other labels, and a table of all rows."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tools.make_model.ablation_images import similarity_ratings
from tools.make_model.ablation_settings import load_ablation

from distiliqa.errors import RecipeError
from distiliqa.files import write_csv, write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.data.rated_folder import MANIFEST, TEST, TRAIN
from tools.make_model import ablation

ROOT = Path(__file__).resolve().parents[3]
TINY = """
network: {preset: compact, stem_width: 2, depth: 1, width: 8, heads: 2, mlp: 8}
data: {scale: [0, 4]}
folds: {count: 2}
teacher: {epochs: 1, batch_size: 4, optimizer: adamw, select_on: error}
hardware: {accelerator: cpu}
"""
ROWS = """
recipe: tiny.yaml
images_shown: 12
seeds: [1, 2]
challenge: {recipe: challenge.yaml, patients: training, networks: training}
rows:
  all: {}
  one kind less: {without: [median]}
  similarity: {labels: structural_similarity}
"""


@pytest.fixture
def home(tmp_path: Path, write_ct: Callable[..., Path]) -> Path:
    """Folder of settings, with a work folder whose images are simulated."""
    rng, images = np.random.default_rng(0), tmp_path / "work" / "simulate"
    body = np.pad(rng.normal(40, 3, (24, 24)), 12, constant_values=-1000)
    for name, cases, ratings in (("training", "ABCD", TRAIN), ("held_out", "XY", TEST)):
        rows, scores = [], {}
        for case in cases:
            for at, (noise, process) in enumerate(((0, ""), (60, ""), (20, "median:3"))):
                path = f"{case}/{at}.dcm"
                write_ct(images / name / path, body + rng.normal(0, noise, body.shape))
                rows.append([path, case, f"{case}.dcm", 0, process])
                scores[path] = 3.0 - at
        columns = ("path", "case", "source", "scan", "process")
        rows = [[*row[:3], 1 if row[0].endswith("/1.dcm") else 0, row[4]] for row in rows]
        write_csv(images / name / MANIFEST, columns, rows)
        write_json(images / name / ratings, scores)
    (tmp_path / "tiny.yaml").write_text(TINY)
    (tmp_path / ablation.RECORD.replace("json", "yaml")).write_text(ROWS)
    return tmp_path


def test_all_rows_are_in_the_table(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["ablation", str(home), "--work", str(home / "work")])
    ablation.main()
    rows = read_json(home / ablation.RECORD)["rows"]
    assert [(row["row"], row["seed"]) for row in rows[:3]] == [
        ("all", 1),
        ("all", 2),
        ("one kind less", 1),
    ]
    assert {row["images"] for row in rows} == {6}
    # 6 of 12 images train, or 4 of 8 without the median: as many are shown.
    assert [row["epochs"] for row in rows] == [2, 2, 3, 3, 2, 2]
    assert rows[0]["srocc"] != rows[1]["srocc"] or rows[0]["mae"] != rows[1]["mae"]
    text = (home / ablation.TABLE).read_text()
    assert text.count("\n| ") == 4
    assert f"{rows[0]['mae']:.3f} {rows[1]['mae']:.3f}" in text


def test_similarity_gives_the_same_ratings_in_its_own_order(home: Path) -> None:
    images = home / "work" / "simulate" / "training"
    path = similarity_ratings(images, home / "work" / "ablation")
    before, after = read_json(images / TRAIN), read_json(path)
    assert sorted(before.values()) == sorted(after.values())
    assert (path.parent / MANIFEST).is_file()
    for case in "ABCD":
        untouched, noisy, filtered = (after[f"{case}/{at}.dcm"] for at in range(3))
        assert untouched > filtered > noisy  # the labels of the model have the last two reversed


def test_the_shipped_rows_are_valid() -> None:
    settings = load_ablation(ROOT / "training" / "compact")
    assert settings.recipe.is_file()
    assert settings.challenge.recipe.is_file()


def test_an_unknown_key_is_refused(home: Path) -> None:
    path = home / "ablation.yaml"
    path.write_text(path.read_text().replace("without", "witout"))
    with pytest.raises(RecipeError, match="witout"):
        load_ablation(home)
