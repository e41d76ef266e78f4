"""What is measured beside the score: columns of a slice, and of a series measured as a whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from operator import attrgetter
from typing import Any

from distiliqa.report.column import Column
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore


def _measured(
    name: str, unit: str, digits: int, term: str, meaning: str, take: str, heading: str = ""
) -> Column:
    """A measure of a slice; None where it was not asked for, or has a reason."""

    def value(slice_: SliceScore) -> Any:
        return None if slice_.measures is None else attrgetter(take)(slice_.measures)

    return Column(name, unit, digits, meaning, value, term=term, heading=heading)


def _pooled(
    name: str, unit: str, digits: int, term: str, take: str, interval: str | None = None
) -> tuple[Column, ...]:
    """A measure of all slices of a series together, then the ends of its interval."""
    value, meaning = _of_pooled(take), f"{term.capitalize()} of the slices that count together."
    column = Column(f"pooled_{name}", unit, digits, meaning, value, "series", f"Pooled {term}")
    if interval is None:
        return (column,)
    return column, *(_end(column, interval, at) for at in (0, 1))


def _end(column: Column, interval: str, at: int) -> Column:
    """An end of the 95 % interval of a measure."""
    find, end = _of_pooled(interval), ("low", "high")[at]

    def value(series: SeriesScore) -> float | None:
        found = find(series)
        return None if found is None else float(found[at])

    meaning = f"{end.capitalize()} end of the 95 % interval of `{column.name}`."
    name, term = f"{column.name}_{end}", f"{column.term}, {end} end"
    return replace(column, name=name, meaning=meaning, value=value, term=term)


def _of_pooled(take: str) -> Callable[[SeriesScore], Any]:
    """Take a measure of a series; None where it was not asked for."""
    return lambda series: None if series.pooled is None else attrgetter(take)(series.pooled)


# In the order of the file, behind what it had before.
MEASURED_COLUMNS = (
    _measured(
        "mtf50_per_mm",
        "1/mm",
        3,
        "Sharpness f50",
        "Frequency at which the MTF at the skin falls to 50 %.",
        "mtf.f50_per_mm",
    ),
    _measured(
        "mtf10_per_mm",
        "1/mm",
        3,
        "Sharpness f10",
        "Frequency at which the MTF at the skin falls to 10 %.",
        "mtf.f10_per_mm",
    ),
    _measured(
        "nps_mean_per_mm",
        "1/mm",
        3,
        "Mean frequency of the noise",
        "Mean frequency of the noise power spectrum in plain soft tissue.",
        "nps.mean_per_mm",
        "NPS mean, 1/mm",
    ),
    _measured(
        "nps_peak_per_mm",
        "1/mm",
        3,
        "Peak frequency of the noise",
        "Frequency of the peak of the noise power spectrum.",
        "nps.peak_per_mm",
        "NPS peak, 1/mm",
    ),
    _measured(
        "dprime",
        "1",
        1,
        "Detectability d'",
        "Detectability index of a disc of 10 mm and 20 HU, of an observer that does not whiten.",
        "detectability.npw",
    ),
    _measured(
        "dw_mm",
        "mm",
        0,
        "Water-equivalent diameter",
        "Water-equivalent diameter of AAPM 220, corrected where the field of view cuts the body.",
        "size.diameter_mm",
    ),
    _measured(
        "truncated_share",
        "1",
        2,
        "Truncated share",
        "Share of the contour of the body on the edge of the field of view.",
        "size.truncated_share",
    ),
    _measured(
        "off_center_mm",
        "mm",
        0,
        "Off center",
        "Distance of the middle of the body from the axis of the scanner, (0018,9313).",
        "off_center.distance_mm",
    ),
    _measured(
        "ssde_mgy",
        "mGy",
        2,
        "SSDE",
        "Size-specific dose estimate of AAPM 204, by CTDIvol and water-equivalent diameter.",
        "ssde.ssde_mgy",
    ),
    _measured(
        "streak_index",
        "HU",
        1,
        "Streaks in tissue",
        "Standard deviation of the detail in soft tissue that has one direction.",
        "streaks.tissue.index_hu",
    ),
    _measured(
        "ring_index",
        "HU",
        1,
        "Rings",
        "Standard deviation of what arcs of one radius have in common.",
        "rings.index_hu",
    ),
    _measured(
        "streak_index_air",
        "HU",
        1,
        "Streaks in air",
        "Standard deviation of the detail in the air around the body that has one direction.",
        "streaks.air.index_hu",
    ),
)


POOLED_COLUMNS = (
    *_pooled("mtf50_per_mm", "1/mm", 3, "sharpness f50", "mtf.f50_per_mm", "mtf.interval_per_mm"),
    *_pooled("mtf10_per_mm", "1/mm", 3, "sharpness f10", "mtf.f10_per_mm"),
    *_pooled(
        "nps_mean_per_mm",
        "1/mm",
        3,
        "mean frequency of the noise",
        "nps.mean_per_mm",
        "nps.interval_per_mm",
    ),
    *_pooled("nps_peak_per_mm", "1/mm", 3, "peak frequency of the noise", "nps.peak_per_mm"),
    *_pooled("dprime", "1", 1, "detectability d'", "detectability.npw", "npw_interval"),
)
