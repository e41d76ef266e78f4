"""How teachers rate the images that they did not see: those of the patients of their fold.

Intervals, and what processing does to a score, are calibrated on these ratings.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from distiliqa.lab.data.label_maps import PROCESSED
from distiliqa.lab.data.process_column import kinds_of
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.network.network import Network
from distiliqa.lab.network.weights import read_network
from distiliqa.lab.train.processed_calibration import UnknownDenoisers, calibrate_processed
from distiliqa.lab.train.training_run import TrainingRun
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.models.processed import ProcessedCalibration
from distiliqa.models.score_scale import ScoreScale
from distiliqa.statistics.conformal_by_case import RatedByOthers
from distiliqa.terminal import track

BATCH = 8


@dataclass(frozen=True)
class TeacherRatings:
    """Images of a run, each rated by the teacher that did not see its patient.

    Attributes
    ----------
    positions : of the images in the run.
    scores, labels : (n,). probability : (n,), of having been processed; 0 without that head.
    kinds : the kind of processing that the image had and its teacher never saw; empty for the other
        images, whose kinds the teacher knows.
    """

    positions: tuple[int, ...]
    scores: NDArray[np.float64]
    labels: NDArray[np.float64]
    probability: NDArray[np.float64]
    kinds: tuple[str, ...]


def rate_held_out(run: TrainingRun, names: Container[str] | None = None) -> TeacherRatings | None:
    """Rate the validation fold of each teacher by that teacher; None where one is missing.

    Parameters
    ----------
    names : of the images to rate; None for all.
    """
    numbers = range(1, len(run.folds) + 1)
    if not all(run.teacher_weights(number).is_file() for number in numbers):
        return None
    parts = [
        [at for at in fold.validation if names is None or run.images[at].name in names]
        for fold in run.folds
    ]
    found = [
        _of_teacher(run, read_network(run.teacher_weights(number)), part)
        for number, part in zip(numbers, parts, strict=True)
    ]
    scores, probability = (np.concatenate(columns) for columns in zip(*found, strict=True))
    positions = tuple(at for part in parts for at in part)
    labels = np.array([run.images[at].score for at in positions])
    kinds = []
    for number, part in zip(numbers, parts, strict=True):
        unseen = run.unseen_kind(number) or ""
        kinds += [unseen if unseen in kinds_of(run.images[at]) else "" for at in part]
    return TeacherRatings(positions, scores, labels, probability, tuple(kinds))


def rated_by_teachers(
    run: TrainingRun,
    ratings: TeacherRatings,
    spread: Mapping[int, float],
    typical: Container[str] | None,
) -> RatedByOthers:
    """Errors on the images that a teacher held out, each rated by that teacher.

    Parameters
    ----------
    spread : of the outputs of the student by position of the image: as it will be of new images.
    typical : names of the images to use; None for all.
    """
    rows = [
        row
        for row, at in enumerate(ratings.positions)
        if typical is None or run.images[at].name in typical
    ]
    positions = [ratings.positions[row] for row in rows]
    cases = [case_of(run.images[at]) for at in positions]
    scale, scores = run.recipe.data, ratings.scores[rows]
    return RatedByOthers(
        scores - ratings.labels[rows],
        np.array([spread[at] for at in positions]),
        (scores - scale.scale[0]) / scale.span,
        ratings.probability[rows],
        cases,
    )


def processed_calibration_of(
    run: TrainingRun,
    ratings: TeacherRatings,
    spread: Mapping[int, float],
    intervals: IntervalCalibration,
) -> ProcessedCalibration | None:
    """What processing does to a score, see `distiliqa.lab.train.processed_calibration`.

    Returns
    -------
    None where every teacher saw every kind of processing, or no image is known to be untouched.
    """
    facts = [run.images[at].facts.get(PROCESSED) for at in ratings.positions]
    untouched = [row for row, fact in enumerate(facts) if fact == "0"]
    unknown = [row for row, fact in enumerate(facts) if fact == "1" and ratings.kinds[row]]
    if not untouched or not unknown:
        return None
    cases = [case_of(run.images[at]) for at in ratings.positions]
    data = run.recipe.data
    scale = ScoreScale(*data.scale, data.meaning, data.higher_is_better)
    sign = 1 if data.higher_is_better else -1
    worse = [
        intervals.interval(
            ratings.scores[row], spread[ratings.positions[row]], scale, ratings.probability[row]
        )[0 if data.higher_is_better else 1]
        for row in unknown
    ]
    labels = ratings.labels[unknown]
    return calibrate_processed(
        ratings.probability[untouched],
        [cases[row] for row in untouched],
        UnknownDenoisers(
            ratings.probability[unknown],
            sign * (ratings.scores[unknown] - labels),
            sign * (np.array(worse) - labels),
            [ratings.kinds[row] for row in unknown],
            [cases[row] for row in unknown],
        ),
        data.span,
    )


@torch.inference_mode()
def _of_teacher(
    run: TrainingRun, network: Network, positions: Sequence[int]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Scores and probabilities of some images, (n,) each."""
    scores, probability = [np.empty(0)], [np.empty(0)]
    for start in track(range(0, len(positions), BATCH), "Rating by teachers"):
        images = batch_of(run, positions[start : start + BATCH])
        heads = network.heads(network.features(images))
        scores.append(heads.scores.mean(dim=1).double().numpy())
        known = heads.processed
        probability.append(
            np.zeros(len(images)) if known is None else known.sigmoid().double().numpy()
        )
    return np.concatenate(scores), np.concatenate(probability)


def batch_of(run: TrainingRun, positions: Sequence[int]) -> Tensor:
    """Images of a run as a network takes them, (n, 1, S, S)."""
    return torch.from_numpy(np.stack([run.cache.array(at)[None] for at in positions]))


def case_of(image: RatedImage) -> str:
    """Patient of an image; where unknown, the slice that it is a version of."""
    return image.case or image.source or image.name
