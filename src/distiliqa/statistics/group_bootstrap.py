"""Bootstrap intervals that resample patients, not images.

Images of one patient resemble each other: drawn one by one, they would give intervals that are too
narrow. A resample is a vector of weights, the number of times that each image occurs. Every metric
is computed for all resamples at once from weighted sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.statistics.agreement import METRICS

Floats = NDArray[np.float64]

_RESAMPLES_AT_ONCE = 250
_IMAGES_AT_ONCE = 1000


@dataclass(frozen=True)
class Intervals:
    """Percentile bootstrap intervals.

    Attributes
    ----------
    bounds : dict[str, tuple[float, float] | None]
        (lower, upper) by metric; None where there is only one group or no defined resample.
    level : float
        Coverage, such as 0.95.
    groups : int
        Number of groups drawn from.
    resamples : int
        Number of resamples drawn.
    undefined : int
        Resamples left out because a side was constant, so that it had no correlation.
    """

    bounds: dict[str, tuple[float, float] | None]
    level: float
    groups: int
    resamples: int
    undefined: int


def bootstrap(
    predicted: ArrayLike,
    true: ArrayLike,
    groups: Sequence[str],
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Intervals:
    """Percentile intervals of all metrics (Efron 1979, doi 10.1214/aos/1176344552).

    Parameters
    ----------
    predicted, true : ArrayLike
        (n,), finite.
    groups : Sequence[str]
        The group of each image; whole groups are drawn with replacement.
    """
    x, y = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    _, group_of = np.unique(np.asarray(groups), return_inverse=True)
    count = int(group_of.max()) + 1
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(count, np.full(count, 1 / count), size=resamples)
    parts = [
        _weighted_agreement(drawn[start : start + _RESAMPLES_AT_ONCE][:, group_of], x, y)
        for start in range(0, resamples, _RESAMPLES_AT_ONCE)
    ]
    values = {metric: np.concatenate([part[metric] for part in parts]) for metric in METRICS}
    undefined = int(np.isnan(values["overall"]).sum())
    bounds = {metric: _bounds(values[metric], level) if count > 1 else None for metric in METRICS}
    return Intervals(bounds, level, count, resamples, undefined)


def _bounds(values: Floats, level: float) -> tuple[float, float] | None:
    defined = values[~np.isnan(values)]
    if not defined.size:
        return None
    lower, upper = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(lower), float(upper)


def _weighted_agreement(weights: NDArray[np.int64], x: Floats, y: Floats) -> dict[str, Floats]:
    """Metrics of each resample, (resamples,); nan where a correlation is undefined.

    weights : (resamples, n), how often each image occurs.
    """
    w = weights.astype(np.float64)
    x_ranks, x_tied = _weighted_ranks(w, x)
    y_ranks, y_tied = _weighted_ranks(w, y)
    total = w.sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        untied = np.sqrt((total**2 - x_tied) * (total**2 - y_tied))
        correlations = {
            "plcc": np.abs(_weighted_correlation(w, x, y)),
            "srocc": np.abs(_weighted_correlation(w, x_ranks, y_ranks)),
            "krocc": np.abs(_concordance(w, x, y) / untied),
        }
    # Counts are exact, so this is zero exactly where one side of the resample is constant.
    for values in correlations.values():
        values[untied == 0] = np.nan
    errors = {"mae": w @ np.abs(x - y) / total, "mse": w @ np.square(x - y) / total}
    return {"overall": np.sum([*correlations.values()], axis=0)} | correlations | errors


def _weighted_correlation(w: Floats, x: Floats, y: Floats) -> Floats:
    total = w.sum(axis=1, keepdims=True)
    dx = x - (w * x).sum(axis=1, keepdims=True) / total
    dy = y - (w * y).sum(axis=1, keepdims=True) / total
    return (w * dx * dy).sum(axis=1) / np.sqrt((w * dx**2).sum(axis=1) * (w * dy**2).sum(axis=1))


def _weighted_ranks(w: Floats, x: Floats) -> tuple[Floats, Floats]:
    """Mean rank of each image in each resample, (resamples, n), and its number of tied pairs."""
    order = np.argsort(x, kind="stable")
    _, first, inverse = np.unique(x[order], return_index=True, return_inverse=True)
    occurrences = np.add.reduceat(w[:, order], first, axis=1)
    ranks = np.empty_like(w)
    ranks[:, order] = (np.cumsum(occurrences, axis=1) - occurrences / 2)[:, inverse]
    return ranks, np.square(occurrences).sum(axis=1)


def _concordance(w: Floats, x: Floats, y: Floats) -> Floats:
    """Concordant minus discordant ordered pairs of each resample, (resamples,)."""
    balance = np.zeros(len(w))
    for start in range(0, len(x), _IMAGES_AT_ONCE):
        part = slice(start, start + _IMAGES_AT_ONCE)
        signs = np.sign(x[part, None] - x) * np.sign(y[part, None] - y)
        balance += ((w @ signs.T) * w[:, part]).sum(axis=1)
    return balance
