"""Training of one network of a benchmark in its folder, and its predictions.

::

    FOLDER/best.safetensors   weights of the best epoch    FOLDER/epochs.csv, curves.png
    FOLDER/result.json        what the training cost; there when it is finished
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.files import write_json
from distiliqa.foreign_json import read_json
from distiliqa.lab.benchmark.backbones import Rater
from distiliqa.lab.benchmark.rated_set import RatedSet
from distiliqa.lab.data.dataset import SYMMETRIES, RatedDataset
from distiliqa.lab.data.folds import Fold
from distiliqa.lab.train.callbacks import BestWeights, History
from distiliqa.lab.train.engine import LAST, fit
from distiliqa.lab.train.loaders import Batches
from distiliqa.lab.train.recipe import Recipe
from distiliqa.lab.train.recipe_sections import StepSection
from distiliqa.lab.train.teacher_outputs import (
    TeacherOutputs,
    make_table,
    symmetries_of,
    symmetries_seen,
)
from distiliqa.lab.train.training_module import RatingModule
from distiliqa.lab.train.training_run import BEST, RESULT

BATCH = 8


@dataclass(frozen=True)
class NetworkTraining:
    """Cost of a training that is finished.

    Attributes
    ----------
    folder : holds the weights.
    merit : best figure of merit on the held-out images.
    steps, seconds : of all epochs.
    """

    folder: Path
    merit: float
    steps: int
    seconds: float

    @property
    def weights(self) -> Path:
        """Weights of the best epoch."""
        return self.folder / BEST


def finished(folder: Path) -> NetworkTraining | None:
    """The training in a folder; None while it is not finished."""
    if not (folder / RESULT).is_file():
        return None
    found = read_json(folder / RESULT)
    return NetworkTraining(folder, found["best"], found["steps"], found["seconds"])


def train_network(
    rated: RatedSet,
    module: RatingModule,
    inner: Fold,
    *,
    seed: int,
    folder: Path,
    columns: tuple[str, ...],
    title: str,
) -> NetworkTraining:
    """Train on one side of an inner fold; the other chooses the epoch. It goes on where it stopped.

    Parameters
    ----------
    columns : first columns of the table of epochs. title : what the log calls the training.

    Raises
    ------
    DivergedError : the loss is not finite.
    """
    training, step = training_images(rated, inner, seed), module.step
    hardware = rated.recipe.hardware
    held_out = RatedDataset(rated.images, rated.cache, inner.validation)
    history = History(folder / "epochs.csv", columns, title)
    fitted = fit(
        module,
        Batches(
            training, held_out, batch_size=step.batch_size, seed=seed, workers=hardware.workers
        ),
        cache=rated.cache,
        recipe=Recipe(hardware=hardware),
        folder=folder,
        history=history,
        best=BestWeights(folder / BEST, step.patience),
        resume=True,
    )
    steps = fitted.epochs * -(-len(inner.train) // step.batch_size)
    seconds = sum(row["seconds"] for row in history.rows)
    facts = {
        "epoch": fitted.epoch,
        "best": fitted.best,
        "epochs": fitted.epochs,
        "steps": steps,
        "seconds": seconds,
        "learning_rate": step.learning_rate,
    }
    write_json(folder / RESULT, facts)
    (folder / LAST).unlink(missing_ok=True)  # several times the weights
    return NetworkTraining(folder, fitted.best, steps, seconds)


def training_images(rated: RatedSet, inner: Fold, seed: int) -> RatedDataset:
    """The images that a network learns from."""
    augmentation = rated.recipe.augmentation
    return RatedDataset(
        rated.images, rated.cache, inner.train, augmentation=augmentation, seed=seed
    )


def outputs_of_teachers(
    rated: RatedSet,
    teachers: Sequence[Rater],
    seen: RatedDataset,
    step: StepSection,
    path: Path,
) -> TeacherOutputs:
    """Outputs of the teachers for the images and symmetries that a student sees.

    Parameters
    ----------
    seen : the images that the student learns from. path : of the table of outputs.
    """
    if symmetries_of(rated.recipe.augmentation, posed=False) is None:
        return TeacherOutputs(teachers, None)
    table = make_table(
        teachers,
        rated.cache,
        symmetries_seen(seen, SYMMETRIES, step.epochs),
        path=path,
        device=best_device(),
        batch_size=BATCH,
        half=rated.recipe.hardware.precision == "bf16-mixed",
    )
    return TeacherOutputs((), table)


@torch.inference_mode()
def predicted(rated: RatedSet, rater: Rater, fold: Fold) -> NDArray[np.float64]:
    """Scores of the held-out images of a fold, (n,): means over outputs."""
    device, positions = best_device(), fold.validation
    rater = rater.to(device)
    parts = []
    for start in range(0, len(positions), BATCH):
        slices = [rated.cache.array(at) for at in positions[start : start + BATCH]]
        images = torch.from_numpy(np.stack(slices)[:, None]).to(device)
        parts.append(rater(images).mean(dim=1).double().cpu().numpy())
    return np.concatenate(parts)


def best_device() -> torch.device:
    """The GPU, if there is one."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
