"""Evaluation of predictions on one data set: agreement, intervals, and agreement by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.lab.data.ratings import RatedImage
from distiliqa.statistics.agreement import Agreement, agreement
from distiliqa.statistics.group_bootstrap import Intervals, bootstrap

# Means of up to this many readers; finer labels count as continuous.
MAX_READERS = 12
# Files round: 3.1667 is 19 / 6 to 2e-4 of a sixth.
_TOLERANCE = 1e-3


def detect_grid(labels: ArrayLike) -> float | None:
    """Find the coarsest step 1 / m, m = 1 to 12, of which all labels are multiples.

    The mean rating of five readers is a multiple of a fifth.

    Parameters
    ----------
    labels : (n,).

    Returns
    -------
    The step, in units of the labels; None for continuous labels and for a single value.
    """
    labels = np.asarray(labels, np.float64)
    if np.ptp(labels) == 0:
        return None
    for readers in range(1, MAX_READERS + 1):
        multiples = labels * readers
        if np.abs(multiples - np.rint(multiples)).max() <= _TOLERANCE:
            return 1 / readers
    return None


def to_grid(values: ArrayLike, step: float) -> NDArray[np.float64]:
    """Round values to the nearest multiple of ``step``."""
    return np.rint(np.asarray(values, np.float64) / step) * step


Group = Literal["case", "source", "image"]
_GROUPS: tuple[Group, ...] = ("case", "source", "image")
_FEW_GROUPS = 10


@dataclass(frozen=True)
class Quarter:
    """Agreement where the label is in [low, high), in [low, high] for the last quarter.

    None where there is no image.
    """

    low: float
    high: float
    metrics: Agreement | None


@dataclass(frozen=True)
class Evaluation:
    """Result of `evaluate`.

    Attributes
    ----------
    images : the rated images, n of them.
    predicted : (n,), in units of the labels.
    metrics, intervals : agreement over all images and its bootstrap intervals.
    grouped_by : units of the bootstrap: case, source, image, or several where some lack a case.
    step, rounded : grid of the labels, and agreement of predictions rounded to it; None if the
        labels are continuous.
    quarters : agreement within each quarter of the range of labels that occur.
    cases : agreement within each known case.
    notes : limits of the figures, such as a correlation that is undefined.
    """

    images: tuple[RatedImage, ...]
    predicted: NDArray[np.float64]
    metrics: Agreement
    intervals: Intervals
    grouped_by: str
    step: float | None
    rounded: Agreement | None
    quarters: tuple[Quarter, ...]
    cases: dict[str, Agreement]
    notes: tuple[str, ...]


def evaluate(
    predicted: ArrayLike,
    images: Sequence[RatedImage],
    *,
    grid: float | Literal["auto"] | None = "auto",
    group: Group = "case",
    resamples: int = 2000,
    seed: int = 0,
) -> Evaluation:
    """Compare predictions with ratings.

    Parameters
    ----------
    predicted : (n,), or (n, outputs), whose mean over outputs is the prediction.
    images : n rated images.
    grid : step of the labels, to round predictions to; ``auto`` detects it, None does not round.
    group : units of the bootstrap: ``case``, else ``source``, else ``image``: the first from
        ``group`` on that is known of an image.
    resamples, seed : of the bootstrap.

    Raises
    ------
    DistiliqaError : a prediction is not finite.
    """
    scores = np.asarray(predicted, np.float64).reshape(len(images), -1).mean(axis=1)
    true = np.array([image.score for image in images])
    metrics = agreement(scores, true)
    kinds, labels = _groups(images, group)
    intervals = bootstrap(scores, true, labels, resamples=resamples, seed=seed)
    step = detect_grid(true) if grid == "auto" else grid
    return Evaluation(
        images=tuple(images),
        predicted=scores,
        metrics=metrics,
        intervals=intervals,
        grouped_by=" or ".join(kinds),
        step=step,
        rounded=None if step is None else agreement(to_grid(scores, step), true),
        quarters=_quarters(scores, true),
        cases=_cases(scores, true, images),
        notes=metrics.notes + _notes(intervals),
    )


def _groups(images: Sequence[RatedImage], group: Group) -> tuple[list[str], list[str]]:
    """Kinds of group that occur, and the label of each image."""
    allowed = _GROUPS[_GROUPS.index(group) :]
    keys = []
    for image in images:
        known = {"case": image.case, "source": image.source, "image": image.name}
        keys.append(next((kind, known[kind]) for kind in allowed if known[kind] is not None))
    used = {kind for kind, _ in keys}
    return [kind for kind in _GROUPS if kind in used], [f"{kind} {name}" for kind, name in keys]


def _quarters(predicted: NDArray[np.float64], true: NDArray[np.float64]) -> tuple[Quarter, ...]:
    edges = np.linspace(true.min(), true.max(), 5)
    quarter_of = np.digitize(true, edges[1:-1])
    return tuple(
        Quarter(float(edges[k]), float(edges[k + 1]), _within(quarter_of == k, predicted, true))
        for k in range(4)
    )


def _cases(
    predicted: NDArray[np.float64], true: NDArray[np.float64], images: Sequence[RatedImage]
) -> dict[str, Agreement]:
    case_of = np.array([image.case or "" for image in images])
    names = sorted({image.case for image in images if image.case})
    found = {name: _within(case_of == name, predicted, true) for name in names}
    return {name: metrics for name, metrics in found.items() if metrics is not None}


def _within(
    chosen: NDArray[np.bool_], predicted: NDArray[np.float64], true: NDArray[np.float64]
) -> Agreement | None:
    return agreement(predicted[chosen], true[chosen]) if chosen.any() else None


def _notes(intervals: Intervals) -> tuple[str, ...]:
    if intervals.groups == 1:
        return ("one group only: no intervals",)
    if intervals.groups < _FEW_GROUPS:
        return (f"intervals from {intervals.groups} groups are rough, rather too narrow",)
    return ()
