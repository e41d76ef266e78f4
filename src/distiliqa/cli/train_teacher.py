"""``distiliqa train-teacher``: the teachers, one for each fold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from distiliqa.cli.recipe_options import Resume, Settings
from distiliqa.terminal import say


def train_teacher(
    recipe: Annotated[
        str, typer.Argument(help="published, compact, smoke, or a YAML file.", metavar="RECIPE")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder; made if it is not there.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the rated images.")] = None,
    ratings: Annotated[Path | None, typer.Option(help="JSON of name -> score.")] = None,
    fold: Annotated[int | None, typer.Option(help="Train this fold alone, from 1.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of each teacher.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images a batch.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of folds, weights and order.")] = None,
    imagenet_weights: Annotated[
        str | None, typer.Option(help="ViT-B/16 in torchvision's layout: a path, or download.")
    ] = None,
    set_: Settings = None,
    resume: Resume = False,
) -> None:
    """Train the teachers, one for each fold, each kept at its best on the patients held out.

    Every setting is in the recipe; the options and --set KEY=VALUE override it, and the merged
    recipe is written into the run folder.
    """
    from distiliqa.lab.recipe_file import parse_overrides
    from distiliqa.lab.train.recipe import load_recipe
    from distiliqa.lab.train.teacher import train_teachers
    from distiliqa.lab.train.training_run import start_run

    options: dict[str, Any] = {
        "data.folder": data and str(data),
        "data.ratings": ratings and str(ratings),
        "teacher.epochs": epochs,
        "teacher.batch_size": batch_size,
        "seed": seed,
        "imagenet_weights": imagenet_weights,
    }
    given = {key: value for key, value in options.items() if value is not None}
    merged = load_recipe(recipe, given | parse_overrides(set_ or []))
    # One fold may be trained here and another there: a run that exists is joined, not refused.
    run = start_run(out, merged, resume=resume or fold is not None)
    train_teachers(run, only=fold, resume=resume)
    say(f"teachers in {out / 'teacher'}; next: distiliqa train-student {out}")
