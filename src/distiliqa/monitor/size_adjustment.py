"""Values of a protocol after the trend with the size of its patients.

What is left after the trend is what a scanner and its settings do. The trend is that of the
baseline alone, see `distiliqa.statistics.size_trend`: later series are compared with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from distiliqa.statistics.control_chart import BASELINE
from distiliqa.statistics.size_trend import size_trend

Numbered = tuple[int, float]


@dataclass(frozen=True)
class SizeAdjustment:
    """What a measurement would be in a patient of the mean size of the baseline.

    Attributes
    ----------
    values : (number, value) of each series that has a size, in order.
    size_mm : the mean water-equivalent diameter of the baseline.
    per_cm : change by cm of diameter; a share of the value where the fit is of logarithms.
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
    logarithmic : fit the logarithm of the values, which in the baseline must be above 0.

    Returns
    -------
    None where fewer series have a size than a baseline needs or than have none, where sizes are too
    alike, or where a value of the baseline has no logarithm.
    """
    sized = [(number, value) for number, value in values if number in sizes]
    if len(sized) < max(BASELINE, len(values) / 2):
        return None
    baseline = [(sizes[number], value) for number, value in sized[:BASELINE]]
    if logarithmic and min(value for _, value in baseline) <= 0:
        return None
    trend = size_trend(baseline, logarithmic=logarithmic)
    if trend is None or (per_cm := trend.per_cm) is None:
        return None
    adjusted = tuple((number, trend.at_middle(value, sizes[number])) for number, value in sized)
    return SizeAdjustment(adjusted, trend.middle_mm, per_cm, len(values) - len(sized))
