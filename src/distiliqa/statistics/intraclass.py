"""Intraclass correlations of readers who rate the same images, with F intervals.

Six forms: Shrout & Fleiss 1979, doi 10.1037/0033-2909.86.2.420, number them by model; McGraw & Wong
1996, doi 10.1037/1082-989X.1.1.30, name them by what counts as agreement. Intervals are those of
table 7 of the latter; they take the images as independent of each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from distiliqa.statistics.f_distribution import f_quantile
from distiliqa.statistics.rounding import above_rounding

LEVEL = 0.95


@dataclass(frozen=True)
class Intraclass:
    """One form of the intraclass correlation.

    Attributes
    ----------
    name : str
        As McGraw & Wong: ``ICC(A,1)`` is the absolute agreement of single readers, ``ICC(C,k)`` the
        consistency of the mean of all k.
    also : str
        As Shrout & Fleiss, such as ``ICC(2,1)``.
    value : float or None
        1 for readers who agree; it may be below 0. None where it is not defined.
    interval : tuple[float, float] or None
        Of 95 %; None where it is not defined.
    reason : str or None
        Why there is no value, or no interval.
    """

    name: str
    also: str
    value: float | None
    interval: tuple[float, float] | None
    reason: str | None = None


_NO_DIFFERENCE = "the mean ratings of all images are equal"
_BELOW_ZERO = "readers disagree more than images differ"


class MeanSquares(NamedTuple):
    """Mean squares of a two-way layout without repeats, n images by k readers.

    Attributes
    ----------
    rows, columns : between images, and between readers.
    error : what is left of both.
    within : between readers of one image, for the one-way model.

    Exactly 0 where they are zero but for rounding.
    """

    rows: float
    columns: float
    error: float
    within: float
    n: int
    k: int


def mean_squares(ratings: ArrayLike) -> MeanSquares:
    """Mean squares of ratings.

    Parameters
    ----------
    ratings : ArrayLike
        (n, k), finite; n and k from 2.
    """
    x = np.asarray(ratings, np.float64)
    n, k = x.shape
    row_part = x.mean(axis=1, keepdims=True) - x.mean()
    column_part = x.mean(axis=0, keepdims=True) - x.mean()
    left = x - x.mean() - row_part - column_part
    columns, error = n * np.square(column_part).sum(), np.square(left).sum()
    return MeanSquares(
        rows=above_rounding(float(k * np.square(row_part).sum() / (n - 1)), x),
        columns=above_rounding(float(columns / (k - 1)), x),
        error=above_rounding(float(error / ((n - 1) * (k - 1))), x),
        within=above_rounding(float((columns + error) / (n * (k - 1))), x),
        n=n,
        k=k,
    )


def intraclass(ratings: ArrayLike) -> tuple[Intraclass, ...]:
    """All six forms, for single readers and for the mean of all k.

    Where the mean ratings of all images are equal, no form has a value.

    Parameters
    ----------
    ratings : ArrayLike
        (n, k), finite: n images by k readers, both from 2; not all images rated the same.

    Raises
    ------
    ValueError
        Another shape, or no difference between any two ratings.
    """
    x = np.asarray(ratings, np.float64)
    if x.ndim != 2 or min(x.shape) < 2 or not np.isfinite(x).all():
        raise ValueError(f"ratings of shape {x.shape}; give (n, k), finite, n and k from 2")
    if np.ptp(x) == 0:
        raise ValueError("all ratings are equal: no intraclass correlation is defined")
    found = mean_squares(x)
    if found.rows == 0:
        return tuple(Intraclass(*names, None, None, _NO_DIFFERENCE) for names in _NAMES)
    return (*_one_way(found), *_agreement(found), *_consistency(found))


_NAMES = (
    ("ICC(1)", "ICC(1,1)"),
    ("ICC(1,k)", "ICC(1,k)"),
    ("ICC(A,1)", "ICC(2,1)"),
    ("ICC(A,k)", "ICC(2,k)"),
    ("ICC(C,1)", "ICC(3,1)"),
    ("ICC(C,k)", "ICC(3,k)"),
)


def _one_way(ms: MeanSquares) -> tuple[Intraclass, Intraclass]:
    degrees = (ms.n - 1, ms.n * (ms.k - 1))
    bounds = _ratio_bounds(_ratio(ms.rows, ms.within), *degrees)
    value = (ms.rows - ms.within) / (ms.rows + (ms.k - 1) * ms.within)
    return _both(_NAMES[0:2], value, bounds, ms.k)


def _consistency(ms: MeanSquares) -> tuple[Intraclass, Intraclass]:
    degrees = (ms.n - 1, (ms.n - 1) * (ms.k - 1))
    bounds = _ratio_bounds(_ratio(ms.rows, ms.error), *degrees)
    value = (ms.rows - ms.error) / (ms.rows + (ms.k - 1) * ms.error)
    return _both(_NAMES[4:6], value, bounds, ms.k)


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else np.inf


def _ratio_bounds(ratio: float, first: int, second: int) -> tuple[float, float]:
    """Bounds of a ratio of expected mean squares, by the distribution of F."""
    tail = (1 + LEVEL) / 2
    return ratio / f_quantile(tail, first, second), ratio * f_quantile(tail, second, first)


def _both(
    names: Sequence[tuple[str, str]], value: float, ratios: tuple[float, float], k: int
) -> tuple[Intraclass, Intraclass]:
    """The form for single readers and that for their mean, from bounds of the ratio."""
    low, high = (1.0 if np.isinf(r) else (r - 1) / (r + k - 1) for r in ratios)
    single = Intraclass(*names[0], value, (low, high))
    return single, _of_mean(names[1], value, (low, high), k)


def _of_mean(
    names: tuple[str, str], single: float, bounds: tuple[float, float] | None, k: int
) -> Intraclass:
    """The form for the mean of k readers, by the formula of Spearman and Brown."""
    value = _stepped_up(single, k)
    if np.isinf(value):
        return Intraclass(*names, None, None, _BELOW_ZERO)
    if bounds is None:
        return Intraclass(*names, value, None, _BELOW_ZERO)
    return Intraclass(*names, value, (_stepped_up(bounds[0], k), _stepped_up(bounds[1], k)))


def _stepped_up(single: float, k: int) -> float:
    below = 1 + (k - 1) * single
    return k * single / below if below > 0 else -np.inf


def _agreement(ms: MeanSquares) -> tuple[Intraclass, Intraclass]:
    value = (ms.rows - ms.error) / (
        ms.rows + (ms.k - 1) * ms.error + ms.k * (ms.columns - ms.error) / ms.n
    )
    bounds = _agreement_bounds(ms, value)
    single = Intraclass(*_NAMES[2], value, bounds, None if bounds else _BELOW_ZERO)
    return single, _of_mean(_NAMES[3], value, bounds, ms.k)


def _agreement_bounds(ms: MeanSquares, value: float) -> tuple[float, float] | None:
    """Bounds with degrees of freedom after Satterthwaite, as the errors of two kinds add up.

    None for fewer than one degree, which only values below 0 can have.
    """
    n, k = ms.n, ms.k
    if value >= 1:
        return 1.0, 1.0
    a = k * value / (n * (1 - value))
    b = 1 + k * value * (n - 1) / (n * (1 - value))
    parts = (a * ms.columns) ** 2 / (k - 1) + (b * ms.error) ** 2 / ((n - 1) * (k - 1))
    degrees = (a * ms.columns + b * ms.error) ** 2 / parts if parts > 0 else 0.0
    if degrees < 1 - 1e-9:
        return None
    tail = (1 + LEVEL) / 2
    upper, lower = f_quantile(tail, n - 1, degrees), f_quantile(tail, degrees, n - 1)
    spread = k * ms.columns + (k * n - k - n) * ms.error
    low = n * (ms.rows - upper * ms.error) / (upper * spread + n * ms.rows)
    high = n * (lower * ms.rows - ms.error) / (spread + n * lower * ms.rows)
    return low, high
