"""Evaluation of predictions on one data set: agreement, intervals, and agreement by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.interval_coverage import Coverage, coverage_of
from distiliqa.lab.evaluate.label_grid import detect_grid, to_grid
from distiliqa.lab.evaluate.logistic_fit import LogisticFit, fit_logistic
from distiliqa.lab.evaluate.predictions import Predictions
from distiliqa.lab.evaluate.scale_notes import scale_notes
from distiliqa.statistics.agreement import Agreement, agreement
from distiliqa.statistics.group_bootstrap import (
    FigureDifference,
    Intervals,
    bootstrap,
    paired_bootstrap,
)
from distiliqa.statistics.within_groups import WithinGroups, within_groups

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
    within : mean rank correlation within source slices and within cases.
    logistic : agreement after a logistic fit; None where not asked for or not possible.
    coverage : of the predictions' own intervals; None where they have none.
    domain : agreement ``in`` and ``out`` of the domain of the model, None where no image is; empty
        where the domain is not known.
    difference : of all figures to other predictions; None where there are none.
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
    within: Mapping[str, WithinGroups]
    logistic: LogisticFit | None
    coverage: Coverage | None
    domain: Mapping[str, Agreement | None]
    difference: Mapping[str, FigureDifference] | None


def evaluate(
    predicted: ArrayLike | Predictions,
    images: Sequence[RatedImage],
    *,
    grid: float | Literal["auto"] | None = "auto",
    group: Group = "case",
    resamples: int = 2000,
    seed: int = 0,
    logistic: bool = False,
    against: ArrayLike | None = None,
) -> Evaluation:
    """Compare predictions with ratings.

    Parameters
    ----------
    predicted : (n,), or (n, outputs), whose mean over outputs is the prediction; or what a model
        knows beside its scores.
    images : n rated images.
    grid : step of the labels, to round predictions to; ``auto`` detects it, None does not round.
    group : units of the bootstrap: ``case``, else ``source``, else ``image``: the first from
        ``group`` on that is known of an image.
    resamples, seed : of the bootstrap.
    logistic : also map the predictions to the labels by a logistic curve, see `fit_logistic`.
    against : (n,), other predictions of the same images, to subtract the figures of.

    Raises
    ------
    DistiliqaError : a prediction is not finite.
    """
    known = predicted if isinstance(predicted, Predictions) else _plain(predicted, len(images))
    scores, true = known.scores, np.array([image.score for image in images])
    metrics = agreement(scores, true)
    kinds, labels = _groups(images, group)
    draws = {"resamples": resamples, "seed": seed}
    intervals = bootstrap(scores, true, labels, **draws)
    step = detect_grid(true) if grid == "auto" else grid
    covered = (
        None
        if known.intervals is None
        else coverage_of(known.intervals, true, labels, stated=known.coverage, **draws)
    )
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
        notes=metrics.notes + _notes(intervals) + scale_notes(scores, true, known.scale),
        within={
            "source": within_groups(scores, true, [image.source for image in images]),
            "case": within_groups(scores, true, [image.case for image in images]),
        },
        logistic=fit_logistic(scores, true) if logistic else None,
        coverage=covered,
        domain=_domain(known.out_of_domain, scores, true),
        difference=(
            None if against is None else paired_bootstrap(scores, against, true, labels, **draws)
        ),
    )


def _plain(predicted: ArrayLike, images: int) -> Predictions:
    return Predictions(np.asarray(predicted, np.float64).reshape(images, -1).mean(axis=1))


def _domain(
    out: NDArray[np.bool_] | None, predicted: NDArray[np.float64], true: NDArray[np.float64]
) -> dict[str, Agreement | None]:
    if out is None:
        return {}
    return {"in": _within(~out, predicted, true), "out": _within(out, predicted, true)}


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
