"""What is measured beside the score, and measures of a series, pooled while its slices pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, get_args

from distiliqa.ct import CTSlice
from distiliqa.metrics.series_measures import PooledMeasures, pooled_measures
from distiliqa.metrics.slice_measures import SliceMeasures, measure_slice
from distiliqa.metrics.slice_parts import SliceParts
from distiliqa.metrics.ssde import ReportedDose
from distiliqa.scoring.series_score import counted
from distiliqa.scoring.slice_score import SliceScore

# Nothing; all that single slices show; and sharpness, texture and d' of a series together.
Measuring = Literal["none", "basic", "all"]


def check_measuring(measures: object) -> None:
    """Raise `ValueError` for a word that is not one of `Measuring`."""
    if measures not in get_args(Measuring):
        raise ValueError(f"measures {measures!r}; give {', '.join(get_args(Measuring))}")


def measured(
    ct: CTSlice, parts: SliceParts, measures: Measuring, reported: ReportedDose | None = None
) -> SliceMeasures | None:
    """Measure a slice; its arrays are kept only where a series is to be pooled.

    Parameters
    ----------
    reported : ReportedDose, optional
        What the dose report of the series states, see `measure_slice`.
    """
    if measures == "none":
        return None
    found = measure_slice(ct, parts=parts, reported=reported)
    return found if measures == "all" else found.numbers


class SeriesPool:
    """Pools the measures of one series after the other, and keeps the arrays of one alone.

    Parameters
    ----------
    count_outside : bool
        Let slices out of domain count.

    Attributes
    ----------
    pooled : dict[str, PooledMeasures]
        By series.
    """

    def __init__(self, *, count_outside: bool) -> None:
        self.pooled: dict[str, PooledMeasures] = {}
        self._count_outside = count_outside
        self._slices: list[SliceScore] = []

    def add(self, slice_: SliceScore) -> SliceScore:
        """Take the arrays from a slice, and return the slice without them."""
        if slice_.measures is None or slice_.measures.evidence is None:
            return slice_
        if self._slices and self._slices[0].series != slice_.series:
            self.close()
        self._slices.append(slice_)
        return replace(slice_, measures=slice_.measures.numbers)

    def close(self) -> None:
        """Pool the slices of the last series that count for it."""
        slices, self._slices = self._slices, []
        if not slices:
            return
        known = slices if self._count_outside else counted(slices, lambda one: one.tier)
        found = [one.measures for one in known if one.measures is not None]
        evidence = [one.evidence for one in found if one.evidence is not None]
        field_of_view = max(one.detectability.eye.field_of_view_mm for one in found)
        self.pooled[slices[0].series] = pooled_measures(evidence, field_of_view)
