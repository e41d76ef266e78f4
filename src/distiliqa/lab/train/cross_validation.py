"""What a run's teachers predict for the patients that they did not learn from, pooled.

::

    RUN/teacher/fold_{k}/out_of_fold.csv   predictions of one teacher for its fold
    RUN/teacher/out_of_fold.csv            of all
    RUN/teacher/cross_validation.csv       agreement of each fold, its mean, and all pooled

The best epoch of a teacher is selected on the same images. So these figures are somewhat better
than those for new patients: the recipe of a benchmark selects on an inner fold.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from distiliqa.lab.evaluate.out_of_fold import (
    PREDICTIONS,
    TABLE,
    OutOfFold,
    cross_validation_rows,
    over_seeds,
    read_out_of_fold,
    rows_of_fold,
    write_cross_validation,
    write_out_of_fold,
)
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.teacher_ratings import BATCH, batch_of
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.terminal import track


def predict_fold(run: TrainingRun, number: int) -> None:
    """Write the predictions of a teacher, from 1, for the images of its fold."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = read_network(run.teacher_weights(number)).to(device)
    positions = run.fold(number).validation
    scores = [np.empty(0)]
    with torch.inference_mode():
        for start in track(range(0, len(positions), BATCH), f"Predicting fold {number}"):
            images = batch_of(run, positions[start : start + BATCH]).to(device)
            scores.append(network(images).mean(dim=1).double().cpu().numpy())
    rows = rows_of_fold(run.images, positions, number, np.concatenate(scores))
    write_out_of_fold(run.fold_folder(number) / PREDICTIONS, rows)


def pool_folds(run: TrainingRun) -> None:
    """Write the tables of all folds, once all teachers are trained."""
    numbers = range(1, len(run.folds) + 1)
    if not all(run.teacher_result(number).is_file() for number in numbers):
        return
    rows = []
    for number in numbers:
        path = run.fold_folder(number) / PREDICTIONS
        if not path.is_file():  # trained by an earlier version
            predict_fold(run, number)
        rows += read_out_of_fold(path)
    folder = run.folder / "teacher"
    write_out_of_fold(folder / PREDICTIONS, rows)
    write_cross_validation(folder / TABLE, cross_validation_rows(run.recipe.seed, rows))


def pool_seeds(out: Path, runs: Sequence[TrainingRun]) -> None:
    """Write ``cross_validation.csv`` of runs that differ in their seed alone."""
    rows = []
    for run in runs:
        path = run.folder / "teacher" / PREDICTIONS
        if not path.is_file():  # not all folds are trained
            return
        known: list[OutOfFold] = read_out_of_fold(path)
        rows += cross_validation_rows(run.recipe.seed, known)
    write_cross_validation(out / TABLE, [*rows, *over_seeds(rows)])
