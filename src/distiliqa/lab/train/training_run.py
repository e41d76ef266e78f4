"""Training run on disk: recipe, rated images, folds, and the paths of its files.

::

    RUN/recipe.yaml   the merged recipe        RUN/run.json     versions and input hashes
    RUN/cache/        decoded slices           RUN/teacher/fold_{k}/, RUN/student/
    RUN/student/recipe.yaml   that of the student, where it differs from the run's
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import RecipeError
from distiliqa.files import write_json
from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.dataset import RatedDataset
from distiliqa.lab.data.folds import Fold
from distiliqa.lab.data.label_maps import Labels
from distiliqa.lab.data.process_column import kinds_of
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.network.network import Network
from distiliqa.lab.train.distributed import leads
from distiliqa.lab.train.engine import Fitted
from distiliqa.lab.train.ladders import Ladders
from distiliqa.lab.train.loaders import TOGETHER, Batches
from distiliqa.lab.train.recipe import Recipe, load_recipe, save_recipe
from distiliqa.lab.train.recipe_sections import StepSection
from distiliqa.lab.train.start_weights import start
from distiliqa.version import __version__

RECIPE, FACTS, BEST = "recipe.yaml", "run.json", "best.safetensors"
RESULT = "result.json"


@dataclass(frozen=True)
class TrainingRun:
    """Run of a training; see the module for its files, and `distiliqa.lab.train.runs`."""

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
        return load_recipe(student_recipe(self.folder))

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

    def unseen_kind(self, number: int) -> str | None:
        """Kind of processing that teacher ``number``, from 1, does not see; None for none."""
        kinds = self.recipe.folds.without
        return kinds[number - 1] if number <= len(kinds) else None

    def seen_by_teacher(self, number: int) -> Fold:
        """What a teacher learns from, and what its epoch is chosen on, without its unseen kind."""
        fold, kind = self.fold(number), self.unseen_kind(number)
        train, validation = (
            tuple(at for at in side if kind not in kinds_of(self.images[at])) for side in fold
        )
        return Fold(train, validation)

    def competent_teachers(self) -> NDArray[np.bool_] | None:
        """Which teachers saw the kinds of processing of each image, (images, teachers).

        None where every teacher saw every kind.
        """
        if not self.recipe.folds.without:
            return None
        unseen = [self.unseen_kind(number) for number in range(1, len(self.folds) + 1)]
        rows = [[kind not in kinds for kind in unseen] for kinds in map(kinds_of, self.images)]
        return np.array(rows)

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
            together=TOGETHER if step.pair_weight else 1,
        )

    def record(self, path: Path, fitted: Fitted, *, held_out: Sequence[int], **facts: Any) -> None:
        """Write the result of a training, the images held out, and other facts."""
        names = [self.images[i].name for i in held_out]
        write_json(path, asdict(fitted) | {"version": __version__, "held_out": names} | facts)


def student_recipe(folder: Path) -> Path:
    """Recipe of the student in the folder of a run: its own, or that of the run."""
    own = folder / "student" / RECIPE
    return own if own.is_file() else folder / RECIPE
