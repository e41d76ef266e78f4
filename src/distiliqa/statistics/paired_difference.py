"""Paired differences: mean, interval, effect size, and the Wilcoxon signed-rank test."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.statistics.block_bootstrap import (
    block_length,
    independent_length,
    mean_interval,
    parts,
)
from distiliqa.statistics.rounding import deviations

MAX_EXACT = 50


@dataclass(frozen=True)
class SignedRank:
    """Result of a test that differences are symmetric about zero.

    Attributes
    ----------
    p : float
        two-sided p-value.
    rank_sum : float
        Sum of the ranks of the positive differences.
    n : int
        Differences that are not zero; zeros have no direction and are left out.
    exact : bool
        Whether p is from all 2**n combinations of signs; else from the normal approximation.
    """

    p: float
    rank_sum: float
    n: int
    exact: bool


def signed_rank(differences: ArrayLike) -> SignedRank:
    """Test whether paired differences are symmetric about zero.

    Wilcoxon 1945, doi 10.2307/3001968. Equal sizes share their mean rank; the exact distribution
    is that of the ranks as they are, ties included. Above 50 differences the normal approximation
    is used, with the variance of the ranks as they are and a continuity correction.

    Parameters
    ----------
    differences : ArrayLike
        (n,), finite and independent of each other.
    """
    values = np.asarray(differences, np.float64)
    values = values[values != 0]
    n = len(values)
    if n == 0:
        return SignedRank(1.0, 0.0, 0, exact=True)
    doubled = _doubled_ranks(np.abs(values))
    positive = int(doubled[values > 0].sum())
    exact = n <= MAX_EXACT
    p = _exact_p(doubled, positive) if exact else _normal_p(doubled, positive)
    return SignedRank(p, positive / 2, n, exact)


def _doubled_ranks(sizes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Twice the mean rank of each size, an integer also for ties."""
    _, inverse, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (2 * last - counts + 1)[inverse]


def _exact_p(doubled: NDArray[np.int64], positive: int) -> float:
    """Share of all combinations of signs whose sum is at least as far from the middle."""
    total = int(doubled.sum())
    share = np.zeros(total + 1)
    share[0] = 1.0
    for rank in doubled:
        with_it = np.zeros_like(share)
        with_it[rank:] = share[: total + 1 - rank]
        share = (share + with_it) / 2
    tail = min(positive, total - positive)
    return min(1.0, 2 * float(share[: tail + 1].sum()))


def _normal_p(doubled: NDArray[np.int64], positive: int) -> float:
    ranks = doubled / 2
    distance = max(abs(positive / 2 - ranks.sum() / 2) - 0.5, 0.0)
    return math.erfc(distance / math.sqrt(float(np.square(ranks).sum()) / 4) / math.sqrt(2))


MIN_SERIES = 6  # with fewer signs a two-sided p is never below 0.05


@dataclass(frozen=True)
class Difference:
    """Second minus first, over the matched slices.

    Attributes
    ----------
    n : int
        Matched slices.
    mean, median : float
        Over them.
    interval : tuple[float, float] or None
        95 % interval of the mean; None for too few units, see `mean_interval`.
    deviation : float or None
        Sample standard deviation of the differences; None for one slice.
    effect : float or None
        Mean over deviation, Cohen's d of paired values (Lakens 2013, doi 10.3389/fpsyg.2013.00863,
        formula 6); None where all differences are equal but for rounding.
    test : SignedRank
        signed-rank test of the units.
    units : int
        Number of independent parts, which are tested.
    block : int or None
        Slices in a block that the interval draws; None where whole series are drawn.
    """

    n: int
    mean: float
    median: float
    interval: tuple[float, float] | None
    deviation: float | None
    effect: float | None
    test: SignedRank
    units: int
    block: int | None


def difference(series: Sequence[ArrayLike], *, whole: bool = False, seed: int = 0) -> Difference:
    """Summarize paired differences.

    With six pairs of series or more, whole series are the independent units, and the result holds
    for other series like them. With fewer, blocks of neighboring slices are the units, and it holds
    for these series alone. The test needs longer blocks than the interval, which is widened for the
    likeness that is left between its blocks.

    Parameters
    ----------
    series : Sequence[ArrayLike]
        For each pair of series the differences of its slices, (n,), in the order of position; or
        those of each patient.
    whole : bool
        Let each entry of ``series`` be one unit, however few there are. Fewer than six units have
        no interval.
    seed : int
        Seed of the bootstrap.
    """
    values = [np.asarray(differences, np.float64) for differences in series]
    joined = np.concatenate(values)
    by_series = whole or len(values) >= MIN_SERIES
    block = None if by_series else block_length(values)
    independent = None if by_series else independent_length(values)
    units = [part.mean() for differences in values for part in parts(differences, independent)]
    squares = float(np.square(deviations(joined)).sum())
    deviation = math.sqrt(squares / (len(joined) - 1)) if len(joined) > 1 else None
    mean = float(joined.mean())
    return Difference(
        n=len(joined),
        mean=mean,
        median=float(np.median(joined)),
        interval=mean_interval(values, block, seed=seed),
        deviation=deviation,
        effect=mean / deviation if deviation else None,
        test=signed_rank(units),
        units=len(units),
        block=block,
    )
