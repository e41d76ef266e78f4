"""Begin a training run in a folder, or open one that is there."""

from __future__ import annotations

import platform
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import lightning
import torch

from distiliqa.errors import RecipeError
from distiliqa.files import make_folder, sha256, write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.data.cache import SliceCache, open_cache
from distiliqa.lab.data.folds import Fold, make_folds, require_cases
from distiliqa.lab.data.label_maps import read_labels
from distiliqa.lab.data.process_column import kinds_of, require_kinds
from distiliqa.lab.data.ratings import RatedImage, read_ratings, require_different
from distiliqa.lab.train.distributed import leads
from distiliqa.lab.train.engine import LAST, check_hardware
from distiliqa.lab.train.recipe import Recipe, load_recipe, save_recipe
from distiliqa.lab.train.recipe_sections import named_cases
from distiliqa.lab.train.start_weights import (
    RANDOM_START,
    start_facts,
    starts_at_random,
    with_absolute_paths,
)
from distiliqa.lab.train.teacher_outputs import TABLE, warn
from distiliqa.lab.train.training_run import (
    FACTS,
    RECIPE,
    RESULT,
    TrainingRun,
    student_recipe,
)
from distiliqa.version import __version__

_OF_TEACHERS = ("data", "folds", "network", "seed", "window")


def start_run(folder: Path, recipe: Recipe, *, resume: bool) -> TrainingRun:
    """Make or resume a run folder for a recipe.

    Raises
    ------
    RecipeError : the recipe names no data, or hardware that is not there; the folder holds a run
        and ``resume`` is False, or a run of another recipe or of data that have changed.
    """
    if leads() and (folder / RECIPE).is_file():
        if not resume:
            raise RecipeError("holds a run", path=folder, remedy="add --resume or choose another")
        if load_recipe(folder / RECIPE) != with_absolute_paths(recipe):
            raise RecipeError(
                "holds a run of another recipe",
                path=folder,
                remedy="give the recipe it was started with, or another folder",
            )
    check_hardware(recipe)
    if leads() and starts_at_random(recipe):
        warn(RANDOM_START)
    run = _assemble(folder, with_absolute_paths(recipe))
    if leads():
        _require_same_data(run)
        save_recipe(run.recipe, folder / RECIPE)
        if not (folder / FACTS).is_file():
            write_json(folder / FACTS, _facts(run))
    return run


def _facts(run: TrainingRun) -> dict[str, Any]:
    """Versions and inputs of a run, for ``run.json``."""
    return {
        "distiliqa": __version__,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "lightning": lightning.__version__,
        "threads": torch.get_num_threads(),
        **start_facts(run.recipe),
        "images": len(run.images),
        **_data_facts(run),
    }


def _data_facts(run: TrainingRun) -> dict[str, Any]:
    ratings = run.recipe.data.ratings
    assert ratings is not None
    return {
        "ratings_sha256": sha256(ratings),
        "slices_sha256": sha256(run.cache.path),
        "labels_sha256": run.labels and run.labels.sha256,
        "folds": [[run.images[i].name for i in fold.validation] for fold in run.folds],
    }


def _require_same_data(run: TrainingRun) -> None:
    """Raise `RecipeError` where images or folds differ from those the run started with."""
    if not (run.folder / FACTS).is_file():
        return
    known, now = read_json(run.folder / FACTS), _data_facts(run)
    if any(known.get(name, value) != value for name, value in now.items()):
        raise RecipeError(
            "its ratings or images have changed since it was started",
            path=run.folder,
            remedy="put them back, or train in a new folder",
        )


def open_run(
    folder: Path, overrides: dict[str, Any] | None = None, *, student: bool = False
) -> TrainingRun:
    """Open a run that exists, with some keys of its recipe changed for its student.

    Parameters
    ----------
    student : use the recipe of the student in the folder, if it has one of its own.

    Raises
    ------
    RecipeError : ``folder`` holds no run, or its data have changed; an override changes a key that
        the teachers were trained with.
    """
    path = folder / RECIPE
    if not path.is_file():
        raise RecipeError("holds no run", path=folder, remedy="run `distiliqa train-teacher` first")
    for key in overrides or {}:
        if key.partition(".")[0] in _OF_TEACHERS:
            raise RecipeError(
                f"{key}: the teachers have learned with another", path=folder, remedy="drop it"
            )
    recipe = load_recipe(student_recipe(folder) if student else path, overrides)
    run = _assemble(folder, recipe)
    if leads():
        _require_same_data(run)
    return run


def begin_anew(folder: Path) -> None:
    """Remove result, table and checkpoint of an earlier training from ``folder``."""
    if leads():
        for name in (RESULT, TABLE, LAST):
            (folder / name).unlink(missing_ok=True)


def _assemble(folder: Path, recipe: Recipe) -> TrainingRun:
    data = recipe.data
    assert data.folder is not None
    assert data.ratings is not None
    images = read_ratings(data.folder, data.ratings, scale=data.scale)
    require_different(images, data.ratings)
    if data.cases is not None:
        images = _of_cases(images, named_cases(data.cases))
    if data.without:
        images = _without(images, data.without)
    require_kinds(images, recipe.folds.without)
    size = recipe.network.config(1).image_size
    cache = open_cache(
        images, window=recipe.window.window(), size=size, folder=make_folder(folder / "cache")
    )
    folds = _folds(images, recipe, cache)
    return TrainingRun(folder, recipe, images, cache, folds, read_labels(images, data.folder))


def _folds(images: Sequence[RatedImage], recipe: Recipe, cache: SliceCache) -> tuple[Fold, ...]:
    section = recipe.folds
    always = named_cases(section.always_train)
    try:
        return make_folds(
            images,
            count=section.count,
            by=section.by,
            seed=recipe.seed,
            cache=cache,
            always_train=always,
        )
    except RecipeError as error:
        raise RecipeError(error.problem, path=recipe.data.ratings, remedy=error.remedy) from error


def _of_cases(images: Sequence[RatedImage], cases: Collection[str]) -> tuple[RatedImage, ...]:
    """The images of some patients. Raises `RecipeError` where there are none of one of them."""
    require_cases(images, cases)
    return tuple(image for image in images if image.case in cases)


def _without(images: Sequence[RatedImage], kinds: Collection[str]) -> tuple[RatedImage, ...]:
    """The images without some kinds of processing. Raises `RecipeError` where one has none."""
    require_kinds(images, kinds)
    return tuple(image for image in images if kinds_of(image).isdisjoint(kinds))
