"""Steps `pretrain`, `teachers` and `student`: trainings of this package, one after the other.

All networks start from one that learned from the pretraining patients. These are in no validation
fold of the teachers, so what a teacher holds out, no network has seen.
"""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from distiliqa.foreign_json import read_json
from distiliqa.lab.data.rated_folder import TRAIN
from distiliqa.lab.recipe_file import read_yaml
from distiliqa.lab.train.recipe import load_recipe
from distiliqa.lab.train.runs import open_run, start_run
from distiliqa.lab.train.student import train_student
from distiliqa.lab.train.teacher import train_teachers
from distiliqa.lab.train.training_run import BEST, RESULT, TrainingRun
from tools.make_model.step import Outcome

RUN = "run"


def pretrain(recipe: Path, images: Path, cases: Collection[str], out: Path) -> Outcome:
    """Train one network on some patients alone; a fifth of them choose its epoch."""
    overrides = _data(images) | {"data.cases": sorted(cases)}
    run = start_run(out / RUN, load_recipe(recipe, overrides), resume=True)
    train_teachers(run, only=1, resume=True)
    return Outcome([run.teacher_weights(1)], _figures(run.teacher_result(1)))


def start_weights(pretrained: Path) -> Path:
    """Weights that `pretrain` left."""
    return pretrained / RUN / "teacher" / "fold_1" / BEST


def train_all_teachers(
    recipe: Path, images: Path, start: Path, cases: Collection[str], out: Path
) -> Outcome:
    """Train a teacher for each fold.

    Parameters
    ----------
    start : weights to start from. cases : the patients that they know, in no validation fold.
    """
    overrides = _data(images) | {
        "initial_weights": str(start),
        "folds.always_train": sorted(cases),
    }
    run = start_run(out / RUN, load_recipe(recipe, overrides), resume=True)
    train_teachers(run, resume=True)
    numbers = range(1, len(run.folds) + 1)
    figures = [_figures(run.teacher_result(k)) for k in numbers]
    together = {name: " ".join(f"{f[name]:.3f}" for f in figures) for name in figures[0]}
    return Outcome([run.teacher_weights(k) for k in numbers], together)


def distil(student: Path, teachers: Path, out: Path) -> Outcome:
    """Train the student of the teachers' run, in a copy of it."""
    if not (out / RUN).is_dir():
        draft = out / "draft"
        shutil.rmtree(draft, ignore_errors=True)
        shutil.copytree(teachers / RUN, draft, copy_function=os.link)
        draft.rename(out / RUN)
    run = student_run(student, out)
    train_student(run, resume=True)
    result = run.student_folder / RESULT
    return Outcome([run.student_folder / BEST], _figures(result))


def student_run(student: Path, out: Path) -> TrainingRun:
    """The run of the student with the settings of its file."""
    overrides = {f"student.{key}": value for key, value in read_yaml(student).items()}
    return open_run(out / RUN, overrides)


def _data(images: Path) -> dict[str, Any]:
    return {"data.folder": str(images), "data.ratings": str(images / TRAIN)}


def _figures(result: Path) -> dict[str, float]:
    """Figures of the best epoch on the images held out."""
    content = read_json(result)
    (history,) = result.parent.glob("train_info_*.csv")
    with history.open(encoding="utf-8") as file:
        best = list(csv.DictReader(file))[content["epoch"]]
    kept = {name: float(value) for name, value in best.items() if name.startswith("val_")}
    return {"epoch": float(content["epoch"]), **kept}
