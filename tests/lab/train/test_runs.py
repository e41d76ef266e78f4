"""Runs that are made again, resumed or damaged."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.errors import DistiliqaError, ModelFolderError, RecipeError
from distiliqa.files import write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.evaluate.predictor import load_predictor
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.engine import LAST
from distiliqa.lab.train.export_student import export_run
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.runs import open_run, start_run
from distiliqa.lab.train.student import is_distilled_from, train_student
from distiliqa.lab.train.teacher import train_teachers
from distiliqa.lab.train.teacher_outputs import TABLE
from distiliqa.lab.train.training_run import RESULT, TrainingRun

MakeRecipe = Callable[..., Recipe]


def test_a_run_is_not_overwritten(trained: TrainingRun, recipe: MakeRecipe, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="add --resume"):
        start_run(trained.folder, recipe(), resume=False)
    with pytest.raises(RecipeError, match="another recipe"):
        start_run(trained.folder, recipe(seed=5), resume=True)


def stopped(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


def test_a_new_student_leaves_nothing_of_an_earlier_one(
    copied: TrainingRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distiliqa.lab.train.student.fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_student(copied)
    assert not (copied.student_folder / LAST).exists()
    with pytest.raises(RecipeError, match="the student is not trained to the end"):
        export_run(copied, tmp_path / "model", name="none")


def test_a_new_teacher_leaves_nothing_of_an_earlier_one(
    copied: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distiliqa.lab.train.teacher.fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        train_teachers(copied, only=2)
    assert not (copied.fold_folder(2) / LAST).exists()
    with pytest.raises(RecipeError, match="teacher 2 not trained to the end"):
        train_student(copied)


def test_a_finished_student_is_kept_when_resumed(
    copied: TrainingRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("distiliqa.lab.train.student.fit", None)
    train_student(copied, resume=True)


@pytest.mark.parametrize(
    ("key", "value", "same"), [("student.epochs", 3, False), ("hardware.workers", 1, True)]
)
def test_a_student_of_other_settings_is_not_gone_on_with(
    copied: TrainingRun, monkeypatch: pytest.MonkeyPatch, key: str, value: int, same: bool
) -> None:
    monkeypatch.setattr("distiliqa.lab.train.student.fit", None)
    changed = open_run(copied.folder, {key: value}, student=True)
    if same:
        train_student(changed, resume=True)
    else:
        with pytest.raises(RecipeError, match="holds a student of other teachers or settings"):
            train_student(changed, resume=True)


def test_a_student_does_not_learn_from_answers_of_other_teachers(copied: TrainingRun) -> None:
    first = np.load(copied.student_folder / TABLE)
    (copied.student_folder / RESULT).unlink()
    networks = [read_network(copied.teacher_weights(k)) for k in (2, 1)]
    assert is_distilled_from(copied, networks[::-1])
    assert not is_distilled_from(copied, networks)
    with pytest.raises(RecipeError, match=r"student: holds a student of other teachers"):
        train_student(copied, teachers=networks, resume=True)
    train_student(copied, teachers=networks)
    np.testing.assert_array_equal(np.load(copied.student_folder / TABLE), first[..., ::-1])


def test_what_a_run_left_damaged_is_made_again_or_named(copied: TrainingRun) -> None:
    (copied.student_folder / RESULT).unlink()
    (copied.student_folder / TABLE).write_bytes(b"\xff\xfe damaged")
    before = (copied.student_folder / LAST).read_bytes()
    (copied.student_folder / LAST).write_bytes(before[: len(before) // 2])
    with pytest.raises(DistiliqaError, match=r"last.ckpt: a damaged checkpoint .*; delete it"):
        train_student(copied, resume=True)
    (copied.student_folder / "teachers.sha256").write_bytes(b"\xff\xfe damaged")
    with pytest.raises(RecipeError, match="holds a student of other teachers or settings"):
        train_student(copied, resume=True)
    (copied.student_folder / LAST).unlink()
    train_student(copied, resume=True)
    assert (copied.student_folder / RESULT).is_file()


def test_a_run_of_data_that_have_changed_is_not_gone_on_with(
    recipe: MakeRecipe, rated_folder: Path, tmp_path: Path
) -> None:
    data = Path(shutil.copytree(rated_folder, tmp_path / "data"))
    of_data = {"data.folder": str(data), "data.ratings": str(data / "train.json")}
    run = start_run(tmp_path / "run", recipe(**of_data), resume=False)
    facts = read_json(run.folder / "run.json")
    write_json(run.folder / "run.json", facts | {"distiliqa": "the first"})
    start_run(run.folder, recipe(**of_data), resume=True)
    assert read_json(run.folder / "run.json")["distiliqa"] == "the first"
    scores = read_json(data / "train.json")
    write_json(data / "train.json", scores | {"case0_noise0.npy": 0.5})
    for opened in (
        lambda: start_run(run.folder, recipe(**of_data), resume=True),
        lambda: open_run(run.folder),
    ):
        with pytest.raises(RecipeError, match="its ratings or images have changed since"):
            opened()
    write_json(data / "train.json", scores)
    np.save(data / "case0_noise0.npy", np.zeros((512, 512), np.float32))
    with pytest.raises(RecipeError, match="its ratings or images have changed since"):
        open_run(run.folder)


def test_steps_out_of_order_say_what_to_run(recipe: MakeRecipe, tmp_path: Path) -> None:
    run = start_run(tmp_path / "run", recipe(), resume=False)
    with pytest.raises(RecipeError, match=r"teacher 1, 2 not trained.*train-teacher"):
        train_student(run)
    with pytest.raises(RecipeError, match="train-student"):
        export_run(run, tmp_path / "model", name="none")
    with pytest.raises(ModelFolderError, match="no trained network"):
        load_predictor(run.folder)
    for number in (0, 3):
        with pytest.raises(RecipeError, match=f"no fold {number}"):
            train_teachers(run, only=number)
    with pytest.raises(RecipeError, match="holds no run"):
        open_run(tmp_path)
