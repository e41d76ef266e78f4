"""EWMA control charts: detect that the mean of a process has left its baseline.

S. W. Roberts, "Control chart tests based on geometric moving averages", Technometrics 1 (1959),
doi 10.1080/00401706.1959.10489860; D. C. Montgomery, "Introduction to Statistical Quality
Control", chapter 9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from distiliqa.statistics.rounding import deviations
from distiliqa.statistics.t_distribution import t_quantile

BASELINE = 20  # series; Montgomery recommends 20 to 25
WEIGHT = 0.2  # usual are 0.05 to 0.25, less for smaller shifts
FALSE_ALARMS = 0.0027  # share of points beyond the limits without a change, as for 3 sigma


@dataclass(frozen=True, eq=False)
class ControlChart:
    """Exponentially weighted moving average after the baseline, and its limits.

    Attributes
    ----------
    center, deviation : float
        Mean and standard deviation of the baseline.
    average, low, high : ndarray of float64
        (n - BASELINE,), one for each value after the baseline.
    """

    center: float
    deviation: float
    average: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]

    @property
    def out(self) -> NDArray[np.bool_]:
        """Mask of the averages beyond the limits, (n - BASELINE,)."""
        return (self.average < self.low) | (self.average > self.high)


def control_chart(
    values: Sequence[float], sizes: Sequence[float] | None = None
) -> ControlChart | None:
    """Chart values in their order; the first ``BASELINE`` of them are the baseline.

    Parameters
    ----------
    values : Sequence[float]
        (n,), after the line over ``sizes`` that was fitted to the baseline, if there are sizes.
    sizes : Sequence[float], optional
        (n,), in any unit, not all equal in the baseline. The error of the slope counts for as much
        as the sizes of a moving average are from those of the baseline.

    If the values are normal, independent and do not change, a point is beyond its limits in
    ``FALSE_ALARMS`` of cases, over all baselines that there could be.

    Returns
    -------
    None while there is no baseline, or all of it is equal but for rounding.
    """
    baseline, later = np.asarray(values[:BASELINE], float), values[BASELINE:]
    if len(baseline) < BASELINE or not deviations(baseline).any():
        return None
    fitted = 1 if sizes is None else 2
    center, deviation = float(baseline.mean()), float(baseline.std(ddof=fitted))
    average = moving_average(later, center)
    relative = relative_deviation(len(later), baseline=BASELINE)
    if sizes is not None:
        relative = np.hypot(relative, _of_slope(sizes))
    half = width(fitted) * deviation * relative
    return ControlChart(center, deviation, average, center - half, center + half)


def _of_slope(sizes: Sequence[float]) -> NDArray[np.float64]:
    """Error of each moving average by that of the slope, in standard deviations of a value. (n,).

    Montgomery, Peck & Vining, "Introduction to Linear Regression Analysis", section 2.4: the
    variance of a line at a distance from the mean of its sizes, here at that of the average.
    """
    apart = np.asarray(sizes, float) - np.mean(sizes[:BASELINE])
    spread = math.sqrt(float(np.square(apart[:BASELINE]).sum()))
    return np.abs(moving_average(apart[BASELINE:].tolist(), 0.0)) / spread


@cache
def width(fitted: int) -> float:
    """Two-sided quantile of Student's t, not of the normal distribution: the baseline is short."""
    return t_quantile(1 - FALSE_ALARMS / 2, BASELINE - fitted)


def moving_average(
    values: Sequence[float], center: float, weight: float = WEIGHT
) -> NDArray[np.float64]:
    """The average z(i) = weight x(i) + (1 - weight) z(i-1) of each value, z(0) = center. (n,)."""
    steps = accumulate(values, lambda z, x: weight * x + (1 - weight) * z, initial=center)
    return np.array(list(steps)[1:], float)


def relative_deviation(
    count: int, weight: float = WEIGHT, baseline: float = math.inf
) -> NDArray[np.float64]:
    """Standard deviation of each moving average about its center, in those of a value. (count,).

    Parameters
    ----------
    baseline : float
        Number of values that the center is the mean of: its error counts for as much as the average
        has moved away from it. Infinity is a center that is known.
    """
    moved = 1 - (1 - weight) ** np.arange(1, count + 1)
    own = weight / (2 - weight) * (1 - (1 - moved) ** 2)
    return np.sqrt(own + moved**2 / baseline)
