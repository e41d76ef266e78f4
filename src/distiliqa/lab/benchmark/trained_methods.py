"""Training of the networks of a benchmark: all by the trainer of the package, with one budget.

::

    WORK/NETWORK/fold_F/rate_R/          short trainings that choose the learning rate
    WORK/NETWORK/fold_F/seed_S/teacher_K/  see `network_training`
    WORK/NETWORK/fold_F/seed_S/student-.../

NETWORK is the name of an architecture and of the way it is split. Everything goes on where it was
stopped. No image of the outer fold is used in training or selection.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.errors import DivergedError
from distiliqa.files import make_folder, write_json
from distiliqa.lab.benchmark.backbones import (
    Architecture,
    Rater,
    architecture,
    new_rater,
    read_rater,
)
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe, MethodSection
from distiliqa.lab.benchmark.network_training import (
    NetworkTraining,
    finished,
    outputs_of_teachers,
    predicted,
    train_network,
    training_images,
)
from distiliqa.lab.benchmark.rated_set import RatedSet
from distiliqa.lab.data.folds import Fold
from distiliqa.lab.network.network import Network
from distiliqa.lab.train.recipe_sections import StudentSection
from distiliqa.lab.train.student_module import StudentModule
from distiliqa.lab.train.teacher import COLUMNS, TeacherModule
from distiliqa.lab.train.teacher_outputs import TABLE
from distiliqa.lab.train.training_module import RatingModule

_OF_STUDENT = ("Epoch", "overall_perf", "loss", "val_overall_perf", "val_loss")
_DIVERGED = "diverged.json"


@dataclass(frozen=True)
class Outcome:
    """Predictions of a method for the images of an outer fold, and what they cost.

    Attributes
    ----------
    scores : (validation images of the fold,).
    learning_rate : that was chosen.
    trainings : networks that the prediction needs. The choice of a learning rate is not counted.
    """

    scores: NDArray[np.float64]
    learning_rate: float
    trainings: tuple[NetworkTraining, ...]

    @property
    def seconds(self) -> float:
        """Time of all trainings."""
        return sum(training.seconds for training in self.trainings)

    @property
    def steps(self) -> int:
        """Steps of each of the trainings; with an early stop the most."""
        return max(training.steps for training in self.trainings)


@dataclass(frozen=True, eq=False)
class Trainer:
    """Trains methods on one outer fold.

    Attributes
    ----------
    rated : the images. work : folder of all trainings.
    number, fold : the outer fold, from 1.
    by : how images are split.
    """

    rated: RatedSet
    work: Path
    number: int
    fold: Fold
    by: str

    @property
    def recipe(self) -> BenchmarkRecipe:
        """The benchmark."""
        return self.rated.recipe

    @property
    def _inner(self) -> tuple[Fold, ...]:
        return self.rated.inner(self.fold, self.by)

    def _folder(self, network: Architecture) -> Path:
        by = "" if self.by == self.recipe.folds.by else f"-by-{self.by}"
        return self.work / f"{network.slug}{by}" / f"fold_{self.number}"

    def run(self, method: MethodSection, seed: int) -> Outcome:
        """Train what a method needs, and predict the images of the outer fold.

        Raises
        ------
        DivergedError : the loss of a network is not finite.
        """
        network = architecture(method, self.recipe.data.image_size)
        rate = self.learning_rate(network)
        count = 1 if method.use == "teacher" else self.recipe.folds.inner
        if method.use == "student" and not method.distill_weight:
            count = 0
        trainings = [self._teacher(network, seed, k, rate) for k in range(1, count + 1)]
        raters = [read_rater(training.weights, network) for training in trainings]
        if method.use == "student":
            trainings.append(self._student(method, network, seed, rate, raters))
            raters = [read_rater(trainings[-1].weights, self._of_student(network))]
        scores = np.mean([predicted(self.rated, rater, self.fold) for rater in raters], axis=0)
        return Outcome(scores, rate, tuple(trainings))

    def learning_rate(self, network: Architecture) -> float:
        """The rate with the best inner validation after a short training; of equal ones the first.

        The same for all seeds: the first one chooses.

        Raises
        ------
        DivergedError : with all of several rates.
        """
        rates = self.recipe.tuning.learning_rates
        if len(rates) == 1:
            return rates[0]
        merits = {rate: self._merit(network, rate) for rate in rates}
        if max(merits.values()) == -math.inf:
            raise DivergedError(
                f"the loss of {network.slug} is not finite with any learning rate",
                remedy="give lower ones in tuning.learning_rates",
            )
        return max(merits, key=lambda rate: merits[rate])

    def _merit(self, network: Architecture, rate: float) -> float:
        """Merit of a short training; minus infinity if it diverges."""
        folder = self._folder(network) / f"rate_{rate:g}"
        if (folder / _DIVERGED).is_file():
            return -math.inf
        changes = {"epochs": self.recipe.tuning.epochs}
        try:
            return self._fit_teacher(network, self.recipe.seeds[0], 1, rate, folder, changes).merit
        except DivergedError as error:
            write_json(make_folder(folder) / _DIVERGED, {"problem": error.problem})
            return -math.inf

    def _teacher(self, network: Architecture, seed: int, k: int, rate: float) -> NetworkTraining:
        folder = self._folder(network) / f"seed_{seed}" / f"teacher_{k}"
        return self._fit_teacher(network, seed, k, rate, folder, {})

    def _fit_teacher(
        self,
        network: Architecture,
        seed: int,
        k: int,
        rate: float,
        folder: Path,
        changes: dict[str, Any],
    ) -> NetworkTraining:
        """Train on all inner folds but the ``k``-th, from 1, which chooses the epoch."""
        if known := finished(folder):
            return known
        own_seed = seed + k
        step = self._step(learning_rate=rate, **changes)
        torch.manual_seed(own_seed)
        span = self.recipe.data.span
        module = TeacherModule(_as_network(new_rater(network)), step, own_seed, span=span)
        return self._fit(module, self._inner[k - 1], own_seed, folder, COLUMNS)

    def _of_student(self, network: Architecture) -> Architecture:
        return replace(network, outputs=self.recipe.folds.inner)

    def _student(
        self,
        method: MethodSection,
        network: Architecture,
        seed: int,
        rate: float,
        teachers: list[Rater],
    ) -> NetworkTraining:
        terms = f"{method.distill_weight:g}-{method.gate:g}-{method.distillation}"
        folder = self._folder(network) / f"seed_{seed}" / f"student-{terms}"
        if known := finished(folder):
            return known
        step = self._step(
            learning_rate=rate,
            distill_weight=method.distill_weight,
            gate=method.gate,
            distillation=method.distillation,
        )
        inner = self._inner[0]
        torch.manual_seed(seed)
        student = _as_network(new_rater(self._of_student(network)))
        seen = training_images(self.rated, inner, seed)
        outputs = None
        if teachers:
            outputs = outputs_of_teachers(self.rated, teachers, seen, step, folder.parent / TABLE)
        module = StudentModule(student, step, seed, outputs, span=self.recipe.data.span)
        return self._fit(module, inner, seed, folder, _OF_STUDENT)

    def _step(self, **changes: Any) -> StudentSection:
        chosen = {"select_on": self.recipe.select_on}
        return self.recipe.training.model_copy(update=chosen | changes)

    def _fit(
        self, module: RatingModule, inner: Fold, seed: int, folder: Path, columns: tuple[str, ...]
    ) -> NetworkTraining:
        title = str(folder.relative_to(self.work))
        return train_network(
            self.rated, module, inner, seed=seed, folder=folder, columns=columns, title=title
        )


def _as_network(rater: Rater) -> Network:
    return cast(Network, rater)  # it has all that training asks of one
