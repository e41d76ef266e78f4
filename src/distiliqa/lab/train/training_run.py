"""Training run on disk: recipe, rated images, folds, and the paths of its files.

::

    RUN/recipe.yaml   the merged recipe        RUN/run.json     versions and input hashes
    RUN/cache/        decoded slices           RUN/teacher/fold_{k}/, RUN/student/
    RUN/student/recipe.yaml   that of the student, where it differs from the run's
"""

from __future__ import annotations

import platform
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lightning
import torch

from distiliqa.errors import RecipeError
from distiliqa.files import make_folder, sha256, write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.data.cache import SliceCache, open_cache
from distiliqa.lab.data.dataset import RatedDataset
from distiliqa.lab.data.folds import Fold, make_folds, require_cases
from distiliqa.lab.data.label_maps import Labels, read_labels
from distiliqa.lab.data.ratings import RatedImage, read_ratings
from distiliqa.lab.network.network import Network
from distiliqa.lab.train.distributed import leads
from distiliqa.lab.train.engine import LAST, Fitted, check_hardware
from distiliqa.lab.train.ladders import Ladders
from distiliqa.lab.train.loaders import Batches
from distiliqa.lab.train.recipe import (
    Recipe,
    StepSection,
    load_recipe,
    named_cases,
    save_recipe,
)
from distiliqa.lab.train.start import (
    RANDOM_START,
    start,
    start_facts,
    starts_at_random,
    with_absolute_paths,
)
from distiliqa.lab.train.teacher_outputs import TABLE, warn
from distiliqa.version import __version__

RECIPE, FACTS, BEST = "recipe.yaml", "run.json", "best.safetensors"
RESULT = "result.json"
_OF_TEACHERS = ("data", "folds", "network", "seed", "window")


@dataclass(frozen=True)
class TrainingRun:
    """Run of a training; see the module for its files. `start_run` and `open_run` return it."""

    folder: Path
    recipe: Recipe
    images: tuple[RatedImage, ...]
    cache: SliceCache
    folds: tuple[Fold, ...]
    labels: Labels | None = None

    def fold_folder(self, number: int) -> Path:
        """Folder of the teacher of fold ``number``, counted from 1."""
        return self.folder / "teacher" / f"fold_{number}"

    def teacher_weights(self, number: int) -> Path:
        """Best weights of a teacher."""
        return self.fold_folder(number) / BEST

    def teacher_result(self, number: int) -> Path:
        """Written when a teacher is finished."""
        return self.fold_folder(number) / RESULT

    @property
    def student_folder(self) -> Path:
        """Folder of the student."""
        return self.folder / "student"

    @property
    def student_recipe(self) -> Recipe:
        """Recipe of the student in the folder."""
        return load_recipe(_student_recipe(self.folder))

    def keep_student_recipe(self) -> None:
        """Write the recipe of the student where it differs from that of the run."""
        path = self.student_folder / RECIPE
        if not leads():
            return
        if self.recipe != load_recipe(self.folder / RECIPE):
            save_recipe(self.recipe, path)
        else:
            path.unlink(missing_ok=True)

    def fold(self, number: int) -> Fold:
        """Fold ``number``, from 1. Raises `RecipeError` where there is none."""
        if not 1 <= number <= len(self.folds):
            raise RecipeError(
                f"no fold {number}", remedy=f"choose 1 to {len(self.folds)} or set folds.count"
            )
        return self.folds[number - 1]

    def new_network(self, outputs: int, step: StepSection) -> Network:
        """Network to train in a step, with the start weights that the recipe names.

        It has the heads that the step gives a weight, where images have labels for them.
        """
        maps = self.labels is not None and self.labels.have_maps
        processing = self.labels is not None and self.labels.know_processing
        sizes = self.recipe.network.config(outputs).with_heads(
            map=maps and step.map_weight > 0,
            processed=processing and step.processed_weight > 0,
        )
        network = Network(sizes)
        start(network, self.recipe)
        return network

    def dataset(self, positions: Sequence[int]) -> RatedDataset:
        """Data set of the images at some positions, as they are."""
        return RatedDataset(self.images, self.cache, positions, labels=self.labels)

    def training_set(self, positions: Sequence[int], step: StepSection, seed: int) -> RatedDataset:
        """Data set of the images at some positions, with the augmentation of the recipe."""
        return RatedDataset(
            self.images,
            self.cache,
            positions,
            augmentation=self.recipe.augmentation,
            seed=seed,
            labels=self.labels,
            composites=step.composites,
        )

    def ladders(self, held_out: Sequence[int], step: StepSection) -> Ladders | None:
        """Versions of the slices held out, if the best epoch is selected on their order.

        Raises
        ------
        RecipeError : there are no two versions of one slice.
        """
        if step.select_on != "error_and_ladders":
            return None
        ladders = Ladders(self.images, held_out, self.recipe.data.span)
        ladders.require_pairs()
        return ladders

    def batches(
        self, training: RatedDataset, held_out: Sequence[int], step: StepSection, seed: int
    ) -> Batches:
        """Batches of a step: for training, and for validation if images are held out."""
        return Batches(
            training,
            self.dataset(held_out) if held_out else None,
            batch_size=step.batch_size,
            workers=self.recipe.hardware.workers,
            seed=seed,
        )

    def record(self, path: Path, fitted: Fitted, *, held_out: Sequence[int], **facts: Any) -> None:
        """Write the result of a training, the images held out, and other facts."""
        names = [self.images[i].name for i in held_out]
        write_json(path, asdict(fitted) | {"version": __version__, "held_out": names} | facts)


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
    recipe = load_recipe(_student_recipe(folder) if student else path, overrides)
    run = _assemble(folder, recipe)
    if leads():
        _require_same_data(run)
    return run


def _student_recipe(folder: Path) -> Path:
    own = folder / "student" / RECIPE
    return own if own.is_file() else folder / RECIPE


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
    if data.cases is not None:
        images = _of_cases(images, named_cases(data.cases))
    size = recipe.network.config(1).image_size
    cache = open_cache(
        images, window=recipe.window.window(), size=size, folder=make_folder(folder / "cache")
    )
    folds = make_folds(
        images,
        count=recipe.folds.count,
        by=recipe.folds.by,
        seed=recipe.seed,
        cache=cache,
        always_train=named_cases(recipe.folds.always_train),
    )
    return TrainingRun(folder, recipe, images, cache, folds, read_labels(images, data.folder))


def _of_cases(images: Sequence[RatedImage], cases: Collection[str]) -> tuple[RatedImage, ...]:
    """The images of some patients. Raises `RecipeError` where there are none of one of them."""
    require_cases(images, cases)
    return tuple(image for image in images if image.case in cases)
