"""Teachers that never saw a kind of processing, and what is calibrated by them."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from distiliqa.errors import RecipeError
from distiliqa.files import write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.data.process_column import kinds_of
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.train import calibration
from distiliqa.lab.train.export_student import export_run
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.runs import start_run
from distiliqa.lab.train.student import train_student
from distiliqa.lab.train.teacher import train_teachers
from distiliqa.lab.train.teacher_outputs import TeacherOutputs
from distiliqa.lab.train.teacher_ratings import rate_held_out
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.models.folder import read_config

PROCESS = ("", "median:5", "bilateral:1;jpeg:80")  # of the three images of each patient


@pytest.fixture
def processed_folder(rated_folder: Path, tmp_path: Path) -> Path:
    """Three images of each of four patients: untouched, and by two denoisers; the last is cut."""
    folder = tmp_path / "processed"
    folder.mkdir()
    rows, ratings = [], read_json(rated_folder / "train.json")
    for number, name in enumerate(ratings):
        (folder / name).symlink_to(rated_folder / name)
        case, process = name.partition("_")[0], PROCESS[number % 3]
        rows.append((name, case, case, process, int(bool(process)), 250 if number % 3 == 2 else ""))
    write_json(folder / "train.json", ratings)
    with (folder / "manifest.csv").open("w", newline="") as file:
        header = ("path", "case", "source", "process", "processed", "truncation")
        csv.writer(file).writerows([header, *rows])
    return folder


@pytest.fixture
def run(recipe: Callable[..., Recipe], processed_folder: Path, tmp_path: Path) -> TrainingRun:
    """A run whose first teacher never sees a median, and whose second never a bilateral filter."""
    settings: dict[str, Any] = {
        "data.folder": str(processed_folder),
        "data.ratings": str(processed_folder / "train.json"),
        "data.scale": [0, 1],
        "folds.without": ["median", "bilateral"],
        "teacher.processed_weight": 1.0,
        "student.processed_weight": 1.0,
    }
    return start_run(tmp_path / "run", recipe(**settings), resume=False)


def kinds(run: TrainingRun, positions: tuple[int, ...]) -> set[str]:
    return set().union(*(kinds_of(run.images[at]) for at in positions))


def test_a_teacher_neither_learns_its_kind_nor_is_chosen_on_it(run: TrainingRun) -> None:
    first, second = run.seen_by_teacher(1), run.seen_by_teacher(2)
    assert [kinds(run, side) for side in first] == [{"bilateral", "jpeg"}] * 2
    assert [kinds(run, side) for side in second] == [{"median"}] * 2
    assert kinds(run, run.fold(1).train) == {"median", "bilateral", "jpeg"}


def test_pretraining_can_leave_kinds_out(run: TrainingRun, tmp_path: Path) -> None:
    data = run.recipe.data.model_copy(update={"without": ("median", "bilateral")})
    folds = run.recipe.folds.model_copy(update={"without": ()})
    changed = run.recipe.model_copy(update={"data": data, "folds": folds})
    pretraining = start_run(tmp_path / "first", changed, resume=False)
    assert len(pretraining.images) == 4
    assert kinds(pretraining, tuple(range(4))) == set()


def test_a_kind_that_is_not_there_is_refused(
    recipe: Callable[..., Recipe], processed_folder: Path, tmp_path: Path
) -> None:
    data = {
        "data.folder": str(processed_folder),
        "data.ratings": str(processed_folder / "train.json"),
    }
    for key in ("folds.without", "data.without"):
        with pytest.raises(RecipeError, match="no image was processed by 'wavelet'"):
            start_run(tmp_path / "run", recipe(**data, **{key: ["wavelet"]}), resume=False)


def test_what_a_run_measures_of_unknown_denoisers_is_exported(
    run: TrainingRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_teachers(run)
    names = read_json(run.teacher_result(1))["held_out"]
    assert names == [run.images[at].name for at in run.fold(1).validation]
    train_student(run)
    ratings = rate_held_out(run)
    assert ratings is not None
    assert sorted(ratings.kinds) == [""] * 8 + ["bilateral"] * 2 + ["median"] * 2
    for at, kind in zip(ratings.positions, ratings.kinds, strict=True):
        number = 1 + (at in run.fold(2).validation)
        assert (run.unseen_kind(number) in kinds_of(run.images[at])) == bool(kind)
    measured: list[RatedImage] = []
    monkeypatch.setattr(calibration, "_MIN_HELD_OUT", 2)
    monkeypatch.setattr(calibration, "COVERAGE", 0.6)
    shapes = calibration._shapes
    monkeypatch.setattr(
        calibration, "_shapes", lambda images: shapes(measured.extend(images) or images)
    )
    export_run(run, tmp_path / "model", name="toy")
    assert measured
    assert not any("truncation" in image.facts for image in measured)
    assert any("truncation" in image.facts for image in run.images)
    config = read_config(tmp_path / "model")
    found = config.processed_calibration
    assert found is not None
    untouched = [not kinds_of(run.images[at]) for at in ratings.positions]
    expected = min(ratings.probability[untouched].max(), 0.99)  # of four images
    assert found.threshold == pytest.approx(expected, abs=1e-5)
    assert 0 <= found.held_back <= found.widened <= 1
    card = (tmp_path / "model" / "README.md").read_text()
    assert f"counts as processed above a probability of {found.threshold:.2f}" in card
    assert "Calibrated on all cases but one, they hold" in card
    assert config.interval_calibration is not None
    width = config.interval_calibration.width
    assert width is not None
    assert ("depends on the spread" in card) == bool(width.spread)
    assert ("the score and the probability" in card) == bool(width.score and width.processed)
    assert len(config.training["interval_coverage_by_case"]) == 4


def test_a_student_follows_the_teachers_that_know_the_kind(run: TrainingRun) -> None:
    competent = run.competent_teachers()
    assert competent is not None
    known = {
        image.facts.get("process", ""): row.tolist()
        for image, row in zip(run.images, competent, strict=True)
    }
    assert [known[process] for process in PROCESS] == [[True, True], [False, True], [True, False]]
    table = np.zeros((3, 1, 3), np.float32)
    table[:, 0] = [[1, 2, 6], [1, 2, 6], [1, 2, 6]]
    knows = np.array([[True, True, True], [True, True, False], [False, False, False]])
    outputs = TeacherOutputs((), table, knows)
    found = outputs(torch.zeros(3, 1, 4, 4), torch.arange(3), torch.zeros(3, dtype=torch.long))
    assert found.tolist() == [[1, 2, 6], [1, 2, 1.5], [1, 2, 6]]
