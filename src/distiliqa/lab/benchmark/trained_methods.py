"""Training of the networks of a benchmark: all by the trainer of the package, with one budget.

::

    WORK/NETWORK/fold_F/rate_R/          short trainings that choose the learning rate
    WORK/NETWORK/fold_F/seed_S/teacher_K/  best weights, table and result of a teacher
    WORK/NETWORK/fold_F/seed_S/student-.../

NETWORK is the name of an architecture and of the way it is split. Everything goes on where it was
stopped; what has a ``result.json`` is done. No image of the outer fold has a say in any of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.files import write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.benchmark.backbones import (
    Architecture,
    Rater,
    architecture,
    read_rater,
    with_outputs,
)
from distiliqa.lab.benchmark.benchmark_recipe import BenchmarkRecipe, MethodSection
from distiliqa.lab.benchmark.rated_set import RatedSet
from distiliqa.lab.data.dataset import SYMMETRIES, RatedDataset
from distiliqa.lab.data.folds import Fold
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.published import load_imagenet
from distiliqa.lab.train.callbacks import BestWeights, History
from distiliqa.lab.train.engine import LAST, fit
from distiliqa.lab.train.loaders import Batches
from distiliqa.lab.train.rating import RatingModule
from distiliqa.lab.train.recipe import Recipe, StepSection, StudentSection
from distiliqa.lab.train.student import StudentModule
from distiliqa.lab.train.teacher import COLUMNS, TeacherModule
from distiliqa.lab.train.teacher_outputs import (
    TABLE,
    TeacherOutputs,
    make_table,
    symmetries_of,
    symmetries_seen,
)
from distiliqa.lab.train.training_run import BEST, RESULT

BATCH = 8


@dataclass(frozen=True)
class Outcome:
    """Predictions of a method for the images of an outer fold, and what they cost.

    Attributes
    ----------
    scores : (validation images of the fold,).
    seconds : of all trainings that the prediction needs, without the choice of a learning rate.
    learning_rate : that was chosen.
    """

    scores: NDArray[np.float64]
    seconds: float
    learning_rate: float


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
        """Train what a method needs, and predict the images of the outer fold."""
        network = architecture(method, self.recipe.data.image_size)
        rate = self.learning_rate(network)
        count = 1 if method.use == "teacher" else self.recipe.folds.inner
        if method.use == "student" and not method.distill_weight:
            count = 0
        folders = [self._teacher(network, seed, k, rate) for k in range(1, count + 1)]
        seconds = [read_json(folder / RESULT)["seconds"] for folder in folders]
        networks = [read_rater(folder / BEST, network) for folder in folders]
        if method.use == "student":
            folder = self._student(method, network, seed, rate, networks)
            seconds.append(read_json(folder / RESULT)["seconds"])
            of_student = with_outputs(network, self.recipe.folds.inner)
            networks = [read_rater(folder / BEST, of_student)]
        scores = np.mean([self._predicted(rater) for rater in networks], axis=0)
        return Outcome(scores, sum(seconds), rate)

    def learning_rate(self, network: Architecture) -> float:
        """The rate with the best inner validation after a short training; of equal ones the first.

        The same for all seeds: the first one chooses.
        """
        rates = self.recipe.tuning.learning_rates
        if len(rates) == 1:
            return rates[0]
        merits = {}
        for rate in rates:
            folder = self._folder(network) / f"rate_{rate:g}"
            changes = {"epochs": self.recipe.tuning.epochs}
            self._fit_teacher(network, self.recipe.seeds[0], 1, rate, folder, changes)
            merits[rate] = read_json(folder / RESULT)["best"]
        return max(merits, key=lambda rate: merits[rate])

    def _teacher(self, network: Architecture, seed: int, k: int, rate: float) -> Path:
        folder = self._folder(network) / f"seed_{seed}" / f"teacher_{k}"
        self._fit_teacher(network, seed, k, rate, folder, {})
        return folder

    def _fit_teacher(
        self,
        network: Architecture,
        seed: int,
        k: int,
        rate: float,
        folder: Path,
        changes: dict[str, Any],
    ) -> None:
        """Train on all inner folds but the ``k``-th, from 1, which chooses the epoch."""
        if (folder / RESULT).is_file():
            return
        inner, own_seed = self._inner[k - 1], seed + k
        step = _step(self.recipe.training, learning_rate=rate, **changes)
        torch.manual_seed(own_seed)
        module = TeacherModule(self._new(network), step, own_seed, span=self.recipe.data.span)
        self._fit(module, step, inner, own_seed, folder, COLUMNS)

    def _student(
        self,
        method: MethodSection,
        network: Architecture,
        seed: int,
        rate: float,
        teachers: list[Rater],
    ) -> Path:
        terms = f"{method.distill_weight:g}-{method.gate:g}-{method.distillation}"
        folder = self._folder(network) / f"seed_{seed}" / f"student-{terms}"
        if (folder / RESULT).is_file():
            return folder
        step = _step(
            self.recipe.training,
            learning_rate=rate,
            distill_weight=method.distill_weight,
            gate=method.gate,
            distillation=method.distillation,
        )
        inner = self._inner[0]
        torch.manual_seed(seed)
        student = self._new(with_outputs(network, self.recipe.folds.inner))
        outputs = self._outputs(teachers, inner, step, seed, folder.parent) if teachers else None
        module = StudentModule(student, step, seed, outputs, span=self.recipe.data.span)
        columns = ("Epoch", "overall_perf", "loss", "val_overall_perf", "val_loss")
        self._fit(module, step, inner, seed, folder, columns)
        return folder

    def _outputs(
        self, teachers: list[Rater], inner: Fold, step: StepSection, seed: int, folder: Path
    ) -> TeacherOutputs:
        """Outputs of the teachers for the images and symmetries that a student sees."""
        if symmetries_of(self.recipe.augmentation, posed=False) is None:
            return TeacherOutputs(teachers, None)
        seen = symmetries_seen(self._training(inner, seed), SYMMETRIES, step.epochs)
        table = make_table(
            teachers,
            self.rated.cache,
            seen,
            path=folder / TABLE,
            device=_device(),
            batch_size=BATCH,
            half=self.recipe.hardware.precision == "bf16-mixed",
        )
        return TeacherOutputs((), table)

    def _new(self, network: Architecture) -> Network:
        rater = Rater(network)
        if network.imagenet_weights:
            load_imagenet(cast(Network, _WithTransformer(rater.body)), network.imagenet_weights)
        return cast(Network, rater)  # it has all that training asks of one

    def _training(self, inner: Fold, seed: int) -> RatedDataset:
        return RatedDataset(
            self.rated.images,
            self.rated.cache,
            inner.train,
            augmentation=self.recipe.augmentation,
            seed=seed,
        )

    def _fit(
        self,
        module: RatingModule,
        step: StepSection,
        inner: Fold,
        seed: int,
        folder: Path,
        columns: tuple[str, ...],
    ) -> None:
        held_out = RatedDataset(self.rated.images, self.rated.cache, inner.validation)
        training = self._training(inner, seed)
        title = str(folder.relative_to(self.work))
        history = History(folder / "epochs.csv", columns, title)
        fitted = fit(
            module,
            Batches(training, held_out, batch_size=step.batch_size, seed=seed),
            cache=self.rated.cache,
            recipe=Recipe(hardware=self.recipe.hardware),
            folder=folder,
            history=history,
            best=BestWeights(folder / BEST, step.patience),
            resume=True,
        )
        steps = len(history.rows) * -(-len(inner.train) // step.batch_size)
        facts = {
            "epoch": fitted.epoch,
            "best": fitted.best,
            "epochs": fitted.epochs,
            "steps": steps,
            "seconds": sum(row["seconds"] for row in history.rows),
            "learning_rate": step.learning_rate,
        }
        write_json(folder / RESULT, facts)
        (folder / LAST).unlink(missing_ok=True)  # several times the weights

    @torch.inference_mode()
    def _predicted(self, rater: Rater) -> NDArray[np.float64]:
        """Scores of the images of the outer fold, (n,): means over outputs."""
        device, positions = _device(), self.fold.validation
        rater = rater.to(device)
        parts = []
        for start in range(0, len(positions), BATCH):
            slices = [self.rated.cache.array(at) for at in positions[start : start + BATCH]]
            images = torch.from_numpy(np.stack(slices)[:, None]).to(device)
            parts.append(rater(images).mean(dim=1).double().cpu().numpy())
        return np.concatenate(parts)


class _WithTransformer:
    """What `load_imagenet` asks of a network: its transformer."""

    def __init__(self, vit: Any) -> None:
        self.vit = vit[-1] if isinstance(vit, torch.nn.Sequential) else vit


def _step(training: StudentSection, **changes: Any) -> StudentSection:
    chosen = {"select_on": training.select_on or "error_and_correlation"}
    return training.model_copy(update=chosen | changes)


def _device() -> torch.device:
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
