"""Values of a protocol after the trend with the size of its patients.

Larger patients have more noise, and lower scores. What is left after the trend is what a scanner
and its settings do. The trend is a fit by least squares to the baseline alone, of the value, or of
its logarithm for what falls off exponentially in tissue, against the water-equivalent diameter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from distiliqa.statistics.control_chart import BASELINE

MIN_RANGE_MM = 20.0  # of the sizes of the baseline, to have a slope

Numbered = tuple[int, float]


@dataclass(frozen=True)
class SizeAdjustment:
    """What a measurement would be in a patient of the mean size of the baseline.

    Attributes
    ----------
    values : (number, value) of each series that has a size, in order.
    size_mm : the mean water-equivalent diameter of the baseline.
    per_cm : slope by cm of diameter; a share of the value where the fit is of logarithms.
    left_out : number of series without a size.
    """

    values: tuple[Numbered, ...]
    size_mm: float
    per_cm: float
    left_out: int


def adjust_for_size(
    values: Sequence[Numbered], sizes: Mapping[int, float], *, logarithmic: bool
) -> SizeAdjustment | None:
    """Take the trend with size out of a measurement.

    Parameters
    ----------
    values : (number, value) of each series, in order.
    sizes : water-equivalent diameter of the series that have one, mm, by number.
    logarithmic : fit the logarithm of the values, which then must be above 0.

    Returns
    -------
    None where fewer series have a size than a baseline needs or than have none, where sizes are too
    alike, or where there is no logarithm.
    """
    sized = [(number, value) for number, value in values if number in sizes]
    if len(sized) < max(BASELINE, len(values) / 2):
        return None
    size = np.array([sizes[number] for number, _ in sized])
    if np.ptp(size[:BASELINE]) < MIN_RANGE_MM:
        return None
    measured = np.array([value for _, value in sized])
    if logarithmic and measured.min() <= 0:
        return None
    found = np.log(measured) if logarithmic else measured
    middle = float(size[:BASELINE].mean())
    slope = float(np.polyfit(size[:BASELINE] - middle, found[:BASELINE], 1)[0])
    left = found - slope * (size - middle)
    adjusted = np.exp(left) if logarithmic else left
    numbers = (number for number, _ in sized)
    pairs = tuple(zip(numbers, adjusted.tolist(), strict=True))
    return SizeAdjustment(pairs, middle, 10 * slope, len(values) - len(sized))
