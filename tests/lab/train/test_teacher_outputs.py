"""A student that hardly follows its teachers: said at once, and in its result."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from distiliqa.foreign_json import read_json
from distiliqa.lab.train.export_student import export_run
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.runs import start_run
from distiliqa.lab.train.student import train_student
from distiliqa.lab.train.teacher_outputs import hardly_followed, passing
from distiliqa.lab.train.training_run import TrainingRun

MakeRecipe = Callable[..., Recipe]


class Constant(nn.Module):
    """A teacher that gives every image the same score, and counts what it is asked."""

    def __init__(self, score: float) -> None:
        super().__init__()
        self.score, self.asked = nn.Parameter(torch.tensor(score)), 0

    def forward(self, images: Tensor) -> Tensor:
        self.asked += len(images)
        return self.score.expand(len(images), 1)


def distilled(recipe: Recipe, folder, scores: tuple[float, float]) -> TrainingRun:
    run = start_run(folder / "run", recipe, resume=False)
    train_student(run, teachers=[Constant(score) for score in scores])  # type: ignore[list-item]
    return run


def test_the_share_that_passes_counts_what_was_asked() -> None:
    table = np.full((3, 2, 2), np.nan, np.float32)
    table[0] = [[0.5, 0.7], [0.9, 0.9]]  # means 0.6 and 0.9
    table[1, 0] = 0.2
    assert passing(table, [0.62, 0.2, 0.0], 0.05) == pytest.approx(2 / 3)
    assert passing(np.full((1, 1, 1), np.nan, np.float32), [0.0], 1.0) == 0


def test_five_in_a_hundred_is_enough() -> None:
    assert hardly_followed(0.05, 0.2) is None
    assert "4.9 % of the images follow the teachers" in str(hardly_followed(0.049, 0.2))


@pytest.mark.parametrize("augmentation", ["dihedral", "dihedral+rescale"])
def test_a_student_that_follows_nobody_says_so(
    recipe: MakeRecipe, tmp_path, capsys: pytest.CaptureFixture[str], augmentation: str
) -> None:
    run = distilled(recipe(augmentation=augmentation), tmp_path, (9.0, 9.0))
    assert capsys.readouterr().err.count("warning: 0.0 % of the images follow the teachers") == 1
    result = read_json(run.student_folder / "result.json")
    assert result["teachers_followed"] == 0
    assert "raise student.gate" in result["warnings"][0]
    export_run(run, tmp_path / "model", name="toy")
    assert "Warning: 0.0 % of the images" in (tmp_path / "model" / "README.md").read_text()


def test_the_warning_comes_before_the_first_epoch_where_the_answers_are_known(
    recipe: MakeRecipe,
    tmp_path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("distiliqa.lab.train.student.fit", stopped)
    with pytest.raises(KeyboardInterrupt):
        distilled(recipe(), tmp_path, (9.0, 9.0))
    assert "warning: 0.0 % of the images" in capsys.readouterr().err


@pytest.mark.parametrize(("span", "followed"), [(1, 4 / 12), (4, 4 / 12)])
def test_the_gate_is_a_share_of_the_scale(
    recipe: MakeRecipe, tmp_path, rated_folder, span: int, followed: float
) -> None:
    """Labels of 1, 0.7 and 0.1 of the scale; teachers who say 0.96 of it to each image."""
    import json

    scores = json.loads((rated_folder / "train.json").read_text())
    ratings = tmp_path / "train.json"
    ratings.write_text(json.dumps({name: score * span for name, score in scores.items()}))
    (tmp_path / "manifest.csv").write_text((rated_folder / "manifest.csv").read_text())
    made = recipe(**{"data.ratings": str(ratings), "data.scale": [0, span]})
    run = distilled(made, tmp_path, (0.96 * span, 0.96 * span))
    result = read_json(run.student_folder / "result.json")
    assert result["teachers_followed"] == pytest.approx(followed, abs=0.1)
    assert result["warnings"] == []
    assert result["select_on"] == "error_and_correlation"


def test_without_a_weight_no_teacher_is_asked_or_needed(
    recipe: MakeRecipe, tmp_path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = start_run(tmp_path / "run", recipe(**{"student.distill_weight": 0}), resume=False)
    teacher = Constant(0.5)
    train_student(run, teachers=[teacher, teacher])  # type: ignore[list-item]
    assert teacher.asked == 0
    train_student(run)  # though there is no teacher of the run's own
    assert "warning: distill_weight is 0" in capsys.readouterr().err
    result = read_json(run.student_folder / "result.json")
    assert result["teachers_followed"] == 0
    assert "do not read the spread" in result["warnings"][0]


def test_teachers_are_asked_once_for_what_the_student_sees(recipe: MakeRecipe, tmp_path) -> None:
    teachers = [Constant(0.5), Constant(0.6)]
    run = start_run(tmp_path / "run", recipe(**{"student.epochs": 1}), resume=False)
    train_student(run, teachers=teachers)  # type: ignore[arg-type]
    seen = len(run.folds[0].train)
    assert [teacher.asked for teacher in teachers] == [seen, seen]
    train_student(run, teachers=teachers)  # type: ignore[arg-type]
    assert teachers[0].asked == 2 * seen  # begun anew
