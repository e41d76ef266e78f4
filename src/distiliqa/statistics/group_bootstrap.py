"""Bootstrap intervals that resample patients, not images.

Images of one patient resemble each other: drawn one by one, they would give intervals that are too
narrow. A resample is a vector of weights, the number of times that each image occurs. Every metric
is computed for all resamples at once from weighted sums.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.statistics.agreement import FIGURES, agreement

Floats = NDArray[np.float64]

_RESAMPLES_AT_ONCE = 250
_IMAGES_AT_ONCE = 1000


@dataclass(frozen=True)
class Intervals:
    """Percentile bootstrap intervals.

    Attributes
    ----------
    bounds : dict[str, tuple[float, float] | None]
        (lower, upper) of each of `FIGURES`; None where there is only one group or no defined
        resample.
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
    predicted : ArrayLike
        (n,), finite; or (runs, n), whose figures are averaged over runs in each resample.
    true : ArrayLike
        (n,), finite.
    groups : Sequence[str]
        The group of each image; whole groups are drawn with replacement.
    """
    drawn = draw_groups(groups, resamples, seed)
    values = _resampled(drawn, predicted, true)
    undefined = int(np.isnan(values["overall"]).sum())
    count = drawn.groups
    bounds = {name: _bounds(values[name], level) if count > 1 else None for name in FIGURES}
    return Intervals(bounds, level, count, resamples, undefined)


@dataclass(frozen=True)
class FigureDifference:
    """Difference of a figure between two predictions of the same images, first minus second.

    Attributes
    ----------
    value : float or None
        Over all images; None where one of the two is undefined.
    interval : tuple[float, float] or None
        Percentile interval; None as in `Intervals`.
    p : float or None
        Two-sided: twice the smaller of the shares of resamples below and above zero.
    """

    value: float | None
    interval: tuple[float, float] | None
    p: float | None


def paired_bootstrap(
    first: ArrayLike,
    second: ArrayLike,
    true: ArrayLike,
    groups: Sequence[str],
    *,
    resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> dict[str, FigureDifference]:
    """Differences of all figures, both predictions on the same resamples of groups.

    The test inverts the percentile interval (Efron & Tibshirani 1993, An Introduction to the
    Bootstrap, 15.4); as in Davison & Hinkley 1997, formula 4.11, p is never below 1 / (resamples +
    1).

    Parameters
    ----------
    first, second, true : ArrayLike
        As in `bootstrap`.
    groups : Sequence[str]
        See `bootstrap`.
    """
    drawn = draw_groups(groups, resamples, seed)
    known = [mean_figures(predicted, true) for predicted in (first, second)]
    values = [_resampled(drawn, predicted, true) for predicted in (first, second)]
    found = {}
    for name in FIGURES:
        one, other = (figures[name] for figures in known)
        value = None if one is None or other is None else one - other
        differences = values[0][name] - values[1][name]
        alone = drawn.groups < 2
        interval = None if alone else _bounds(differences, level)
        found[name] = FigureDifference(value, interval, None if alone else _two_sided(differences))
    return found


def mean_figures(predicted: ArrayLike, true: ArrayLike) -> dict[str, float | None]:
    """All of `FIGURES`, averaged over runs (runs, n); None where one has none."""
    runs = [agreement(run, true).figures() for run in np.atleast_2d(np.asarray(predicted))]
    columns = {name: [run[name] for run in runs] for name in FIGURES}
    return {
        name: None if None in values else float(np.mean([value or 0.0 for value in values]))
        for name, values in columns.items()
    }


def _two_sided(differences: Floats) -> float | None:
    defined = differences[~np.isnan(differences)]
    if not defined.size:
        return None
    fewer = min(np.count_nonzero(defined <= 0), np.count_nonzero(defined >= 0))
    return min(1.0, 2 * (fewer + 1) / (len(defined) + 1))


class DrawnGroups(NamedTuple):
    """Draws of groups: how often each occurs, (resamples, groups), and the group of each image."""

    counts: NDArray[np.int64]
    group_of: NDArray[np.intp]

    @property
    def groups(self) -> int:
        """Number of groups."""
        return self.counts.shape[1]


def draw_groups(groups: Sequence[str], resamples: int, seed: int) -> DrawnGroups:
    """Draw as many groups as there are, with replacement."""
    _, group_of = np.unique(np.asarray(groups), return_inverse=True)
    count = int(group_of.max()) + 1
    rng = np.random.default_rng(seed)
    return DrawnGroups(rng.multinomial(count, np.full(count, 1 / count), size=resamples), group_of)


def _resampled(drawn: DrawnGroups, predicted: ArrayLike, true: ArrayLike) -> dict[str, Floats]:
    """All figures of all resamples, (resamples,) each, averaged over runs."""
    runs, y = np.atleast_2d(np.asarray(predicted, np.float64)), np.asarray(true, np.float64)
    starts = range(0, len(drawn.counts), _RESAMPLES_AT_ONCE)
    chunks = [drawn.counts[start : start + _RESAMPLES_AT_ONCE] for start in starts]
    parts = [
        [_weighted_agreement(chunk[:, drawn.group_of], x, y) for chunk in chunks] for x in runs
    ]
    return {
        name: np.mean([np.concatenate([part[name] for part in run]) for run in parts], axis=0)
        for name in FIGURES
    }


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
        signed = {
            "plcc": _weighted_correlation(w, x, y),
            "srocc": _weighted_correlation(w, x_ranks, y_ranks),
            "krocc": _concordance(w, x, y) / untied,
        }
    # Counts are exact, so this is zero exactly where one side of the resample is constant.
    for values in signed.values():
        values[untied == 0] = np.nan
    correlations = {name: np.abs(values) for name, values in signed.items()}
    errors = {"mae": w @ np.abs(x - y) / total, "mse": w @ np.square(x - y) / total}
    errors["rmse"] = np.sqrt(errors["mse"])
    overall = {"overall": np.sum([*correlations.values()], axis=0)}
    with_sign = {f"signed_{name}": values for name, values in signed.items()}
    return overall | correlations | errors | with_sign


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
