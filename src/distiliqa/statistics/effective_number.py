"""How many independent values neighboring slices are worth, and the interval that follows from it.

Slices along z resemble each other. Of few slices the correlation is estimated too low, as the mean
that it is taken about comes from the same slices: a bootstrap of their blocks then gives an
interval that is too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from distiliqa.statistics.rounding import deviations
from distiliqa.statistics.t_distribution import t_quantile

Floats = NDArray[np.float64]


def correlation_of_neighbors(series: Sequence[Floats]) -> float:
    """Correlation of neighboring slices, with its bias for short series taken off; 0 or more.

    Marriott and Pope 1954, doi 10.1093/biomet/41.3-4.390, and Kendall 1954, doi
    10.1093/biomet/41.3-4.403: of n values about their own mean, the estimate is lower than the
    correlation r by (1 + 4 r) / n.

    Parameters
    ----------
    series : Sequence[Floats]
        Values of the slices of each series, (n,), in the order of their position.
    """
    centered = [deviations(values) for values in series]
    squares = sum(float(values @ values) for values in centered)
    if squares <= 0:
        return 0.0
    products = sum(float(values[1:] @ values[:-1]) for values in centered)
    found, length = products / squares, sum(map(len, series)) / len(series)
    return min(max(found + (1 + 4 * found) / length, 0.0), 1.0)


def slices_to_a_value(n: int, correlation: float) -> float:
    """Slices of a series of ``n`` that together are worth one independent value, 1 to n.

    Bayley and Hammersley 1946, doi 10.2307/2983560, for an autoregressive series: the correlation
    falls by the same factor from each slice to the next.

    Parameters
    ----------
    correlation : float
        That of neighbors, 0 to 1.
    """
    lags = np.arange(1, n)
    return 1 + 2 * float(((1 - lags / n) * correlation**lags).sum())


def half_width(series: Sequence[Floats], level: float) -> float | None:
    """Half of the interval of the mean over all slices, from their effective number.

    The variance of the mean is that of a slice over the effective number of slices, and Student's t
    has as many degrees of freedom as that number leaves after the mean of each series.

    Parameters
    ----------
    series : Sequence[Floats]
        Values of the slices of each series, (n,), in the order of their position.
    level : float
        Coverage, such as 0.95.

    Returns
    -------
    None where the slices are worth too few independent values for a single degree of freedom.
    """
    correlation = correlation_of_neighbors(series)
    effective = [len(v) / slices_to_a_value(len(v), correlation) for v in series]
    degrees = math.floor(sum(effective) - len(series) + 1e-9)
    if degrees < 1 or min(effective) <= 1:
        return None
    variance = sum(
        # The mean square about the mean of the series itself is low by the variance of that mean.
        float(np.square(deviations(values)).mean())
        * number
        / (number - 1)
        / number
        * len(values) ** 2
        for values, number in zip(series, effective, strict=True)
    )
    return t_quantile((1 + level) / 2, degrees) * math.sqrt(variance) / sum(map(len, series))


def half_width_together(series: Sequence[Floats], level: float) -> float | None:
    """Half of the interval of the mean over all slices, taken as slices of one population.

    As `half_width`, for series of which some are too short to have a variance of their own: the
    variance is that of all slices about their common mean. None where all slices together are worth
    fewer than two independent values.
    """
    correlation = correlation_of_neighbors(series)
    effective = sum(len(v) / slices_to_a_value(len(v), correlation) for v in series)
    degrees = math.floor(effective - 1 + 1e-9)
    if degrees < 1:
        return None
    square = float(np.square(deviations(np.concatenate(series))).mean())
    return t_quantile((1 + level) / 2, degrees) * math.sqrt(square / (effective - 1))
