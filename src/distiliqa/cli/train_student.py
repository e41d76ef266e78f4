"""``distiliqa train-student``: the student, distilled from the teachers of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from distiliqa.cli.options import RecipeSettings, Resume
from distiliqa.terminal import say


def train_student(
    run: Annotated[Path, typer.Argument(help="Run folder with trained teachers.", metavar="RUN")],
    epochs: Annotated[int | None, typer.Option(help="Epochs of the student.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images in one batch.")] = None,
    distill_weight: Annotated[
        float | None, typer.Option(help="Weight of the teachers' outputs in the loss.")
    ] = None,
    set_: RecipeSettings = None,
    resume: Resume = False,
) -> None:
    """Distil the teachers of a run into one student; the run's recipe decides, options override."""
    from distiliqa.lab.recipe_file import parse_overrides
    from distiliqa.lab.train.runs import open_run
    from distiliqa.lab.train.student import train_student as distil

    options = {
        "student.epochs": epochs,
        "student.batch_size": batch_size,
        "student.distill_weight": distill_weight,
    }
    given = {key: value for key, value in options.items() if value is not None}
    opened = open_run(run, given | parse_overrides(set_ or []), student=resume)
    distil(opened, resume=resume)
    say(f"student in {opened.student_folder}; next: distiliqa export {run} MODEL_FOLDER")
