"""The trend of a measurement with the size of patients: a line over water-equivalent diameters.

Larger patients have more noise at the same dose, scanners give them more dose, and their scores are
lower. What is left after the trend can be compared. X-rays fall off exponentially in tissue: noise
and dose change with size by factors, and their logarithms are fitted.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from statistics import fmean

import numpy as np

MIN_SERIES = 3  # of a trend
MIN_RANGE_MM = 20.0  # range of sizes from which a slope is fitted; below it the trend is the mean


@dataclass(frozen=True)
class SizeTrend:
    """A line over water-equivalent diameters.

    Attributes
    ----------
    start : float
        Value at a diameter of 0; its logarithm where ``logarithmic``.
    slope : float
        By mm, of the value or of its logarithm; 0 where sizes are too alike.
    middle_mm : float
        Mean diameter of the series that it is fitted to.
    series : int
        Their number.
    logarithmic : bool
        Whether the value changes with size by factors.
    """

    start: float
    slope: float
    middle_mm: float
    series: int
    logarithmic: bool

    def at(self, dw_mm: float) -> float:
        """The value at a diameter."""
        found = self.start + self.slope * dw_mm
        return math.exp(found) if self.logarithmic else found

    def beside(self, value: float, dw_mm: float) -> float:
        """A value minus that of the trend at its diameter, as a share of it if ``logarithmic``."""
        trend = self.at(dw_mm)
        return value / trend - 1 if self.logarithmic else value - trend

    def at_middle(self, value: float, dw_mm: float) -> float:
        """What a value would be at the mean diameter, if it followed the trend."""
        moved = self.slope * (self.middle_mm - dw_mm)
        return value * math.exp(moved) if self.logarithmic else value + moved

    @property
    def per_cm(self) -> float | None:
        """Change by cm, a share of the value if ``logarithmic``; None without a slope."""
        if not self.slope:
            return None
        return math.expm1(10 * self.slope) if self.logarithmic else 10 * self.slope


def size_trend(
    pairs: Iterable[tuple[float | None, float | None]], *, logarithmic: bool
) -> SizeTrend | None:
    """Fit a trend by least squares.

    Parameters
    ----------
    pairs : Iterable[tuple[float or None, float or None]]
        Water-equivalent diameter, mm, and value of each series. Pairs in which one of them is not
        known are left out; so are values of 0 and below if ``logarithmic``.
    logarithmic : bool
        Fit the logarithm of the values.

    Returns
    -------
    SizeTrend or None
        None for fewer than `MIN_SERIES` pairs. Without a slope where the diameters are within
        `MIN_RANGE_MM`.
    """
    known = [(dw_mm, value) for dw_mm, value in pairs if dw_mm is not None and value is not None]
    if logarithmic:
        known = [(dw_mm, math.log(value)) for dw_mm, value in known if value > 0]
    if len(known) < MIN_SERIES:
        return None
    sizes, values = (np.array(column) for column in zip(*known, strict=True))
    middle, slope = float(sizes.mean()), 0.0
    if np.ptp(sizes) >= MIN_RANGE_MM:
        slope = float(np.polyfit(sizes - middle, values, 1)[0])
    return SizeTrend(fmean(values) - slope * middle, slope, middle, len(known), logarithmic)
