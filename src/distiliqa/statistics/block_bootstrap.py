"""Mean over slices, with an interval that allows for the similarity of neighboring slices.

Slices are drawn in blocks of neighbors. Slices of a patient share anatomy: drawn one by one, they
would give an interval that is too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from distiliqa.statistics.effective_number import (
    correlation_of_neighbors,
    half_width,
    half_width_together,
    slices_to_a_value,
)
from distiliqa.statistics.rounding import deviations
from distiliqa.statistics.t_distribution import t_quantile

Floats = NDArray[np.float64]
LEVEL = 0.95
RESAMPLES = 2000
# The range of n values misses their center in 2 / 2**n of cases, and resamples stay inside it.
MIN_BLOCKS = 6


def block_length(series: Sequence[Floats]) -> int:
    """Number of neighbors to draw together, from the correlation along the series.

    Politis and White 2004, doi 10.1081/ETC-120028836, as corrected by Patton et al. 2009,
    doi 10.1080/07474930802459016, for the circular block bootstrap; at most a third of the longest
    series.

    Parameters
    ----------
    series : Sequence[Floats]
        Values of the slices of each series, (n,), in the order of their position.
    """
    n, longest = sum(map(len, series)), max(map(len, series))
    covariance = _autocovariance(series, longest)
    if longest < 6 or covariance[0] <= 0:
        return 1
    last = 2 * _last_correlated(covariance, n)
    lags = np.arange(1, min(last, longest - 1) + 1)
    # The flat-top window: 1 up to half of the last lag, then falling to 0.
    weights = np.clip(2 * (1 - lags / max(last, 1)), 0, 1) * covariance[lags]
    slope = 2 * float((lags * weights).sum())
    variance = float(covariance[0] + 2 * weights.sum())
    if variance <= 0:
        return 1
    length = (2 * slope**2 / (4 / 3 * variance**2)) ** (1 / 3) * n ** (1 / 3)
    return max(1, min(math.ceil(length), longest // 3))


def _autocovariance(series: Sequence[Floats], lags: int) -> Floats:
    """Autocovariance over all series at lags 0 to ``lags - 1``, (lags,)."""
    total = sum(map(len, series))
    centered = [deviations(values) for values in series]
    sums = [
        sum(
            float(values[lag:] @ values[: len(values) - lag])
            for values in centered
            if len(values) > lag
        )
        for lag in range(lags)
    ]
    return np.array(sums) / total


def _last_correlated(covariance: Floats, n: int) -> int:
    """Lag after which a run of correlations is within the noise of ``n`` values."""
    run = max(5, math.ceil(math.sqrt(math.log10(n))))
    correlated = np.abs(covariance[1:] / covariance[0]) >= 2 * math.sqrt(math.log10(n) / n)
    for lag in range(len(correlated)):
        if not correlated[lag : lag + run].any():
            return lag
    return len(correlated)


def independent_length(series: Sequence[Floats]) -> int:
    """Number of neighbors that together are one independent part, as tests and ranks need them.

    At least that of `block_length`, which is best for the width of an interval and finds no
    correlation in few slices; at most the longest series. Fewer than ``MIN_BLOCKS`` slices are too
    few to see that neighbors are alike, and are one part each.

    Parameters
    ----------
    series : Sequence[Floats]
        Values of the slices of each series, (n,), in the order of their position.
    """
    if sum(map(len, series)) < MIN_BLOCKS:
        return 1
    longest = max(map(len, series))
    alike = slices_to_a_value(longest, correlation_of_neighbors(series))
    return max(block_length(series), round(alike))


def parts(values: Floats, length: int | None) -> list[Floats]:
    """Split values into blocks of ``length`` neighbors or a few more; one block for None."""
    return np.array_split(values, 1 if length is None else max(1, len(values) // length))


def mean_interval(
    series: Sequence[Floats], length: int | None, *, seed: int = 0
) -> tuple[float, float] | None:
    """95 % interval of the mean over all slices: percentiles of the circular block bootstrap.

    Politis and Romano 1992. The percentiles are widened by the ratio of t to normal quantiles for
    the number of blocks: Hesterberg 2015, doi 10.1080/00031305.2015.1089789, section 4.3.

    Each series is drawn from its own blocks, and the interval is at least as wide as that of the
    effective number of slices, see `half_width`: of short series of slices that resemble each
    other the bootstrap alone holds the mean in two of three cases. A series of a single block shows
    no variation: where there is one, the blocks of all series are drawn together, and the slices
    count as those of one population, see `half_width_together`.

    Parameters
    ----------
    series : Sequence[Floats]
        Values of the slices of each series, (n,), in the order of their position.
    length : int or None
        Slices to a block; None draws whole series.

    Returns
    -------
    None where there are fewer than ``MIN_BLOCKS`` blocks, or where the slices resemble each other
    so much that they are worth fewer than two independent values.
    """
    blocks = [part for values in series for part in parts(values, length)]
    if len(blocks) < MIN_BLOCKS:
        return None
    rng = np.random.default_rng(seed)
    if length is None:
        return _percentiles(_means_together(blocks, rng), len(blocks))
    together = any(len(values) < 2 * length for values in series)
    half = half_width_together(series, LEVEL) if together else half_width(series, LEVEL)
    if half is None:
        return None
    drawn = _means_together(blocks, rng) if together else _means(series, length, rng)
    mean = float(np.concatenate(series).mean())
    low, high = _percentiles(drawn, len(blocks))
    return min(low, mean - half), max(high, mean + half)


def _percentiles(drawn: Floats, units: int) -> tuple[float, float]:
    """Ends of the interval from the means of resamples of ``units`` blocks."""
    widened = t_quantile((1 + LEVEL) / 2, units - 1) * math.sqrt(units / (units - 1))
    tail = NormalDist().cdf(-widened)
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return float(low), float(high)


def _means(series: Sequence[Floats], length: int, rng: np.random.Generator) -> Floats:
    """Means of resamples of blocks, each series from its own; (resamples,)."""
    total = np.zeros(RESAMPLES)
    for values in series:
        n = len(values)
        starts = rng.integers(n, size=(RESAMPLES, math.ceil(n / length), 1))
        at = (starts + np.arange(length)).reshape(RESAMPLES, -1)[:, :n] % n
        total += values[at].sum(axis=1)
    return total / sum(map(len, series))


def _means_together(blocks: Sequence[Floats], rng: np.random.Generator) -> Floats:
    """Means of resamples of blocks of any length; (resamples,)."""
    count = len(blocks)
    times = rng.multinomial(count, np.full(count, 1 / count), size=RESAMPLES)
    sums = np.array([values.sum() for values in blocks])
    return (times @ sums) / (times @ np.array([len(values) for values in blocks]))
