"""``distiliqa train-teacher``: the teachers, one for each fold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from distiliqa.cli.options import RecipeSettings, Resume
from distiliqa.terminal import say


def train_teacher(
    recipe: Annotated[
        str, typer.Argument(help="published, compact, smoke, or a YAML file.", metavar="RECIPE")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="Run folder; created if missing.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the rated images.")] = None,
    ratings: Annotated[
        Path | None, typer.Option(help="JSON of name -> rating, or a table of readers.")
    ] = None,
    fold: Annotated[int | None, typer.Option(help="Train only this fold, from 1.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of a teacher.")] = None,
    batch_size: Annotated[int | None, typer.Option(help="Images in one batch.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of folds, weights and order.")] = None,
    seeds: Annotated[
        int, typer.Option(min=1, help="Train with so many seeds, each in OUT/seed_N.")
    ] = 1,
    imagenet_weights: Annotated[
        str | None, typer.Option(help="ViT-B/16 in torchvision's layout: a path, or download.")
    ] = None,
    set_: RecipeSettings = None,
    resume: Resume = False,
) -> None:
    """Train the teachers, one for each fold, and keep their best on held-out patients.

    Options and --set KEY=VALUE override settings of the recipe. The merged recipe is written into
    the run folder. Out-of-fold predictions and a table over folds, and over seeds, are written too.
    """
    from distiliqa.lab.recipe_file import parse_overrides
    from distiliqa.lab.train.cross_validation import pool_seeds
    from distiliqa.lab.train.recipe import load_recipe
    from distiliqa.lab.train.runs import start_run
    from distiliqa.lab.train.teacher import train_teachers

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
    folders = [out] if seeds == 1 else [out / f"seed_{merged.seed + n}" for n in range(seeds)]
    runs = []
    for n, folder in enumerate(folders):
        recipe_of_seed = merged.model_copy(update={"seed": merged.seed + n})
        # Folds may be trained on several machines: an existing run is joined.
        run = start_run(folder, recipe_of_seed, resume=resume or fold is not None)
        train_teachers(run, only=fold, resume=resume)
        runs.append(run)
        say(f"teachers in {folder / 'teacher'}; next: distiliqa train-student {folder}")
    if seeds > 1:
        pool_seeds(out, runs)
