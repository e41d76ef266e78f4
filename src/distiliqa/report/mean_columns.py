"""The columns of a slice that have a mean over a series: what is measured in each slice.

A new column of numbers in `distiliqa.report.columns.SCORES_CSV` is a measure by itself. It is then
in ``series.csv`` and at the level of a series in ``scores.json``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import fmean

from distiliqa.errors import one_line
from distiliqa.report.column import Column
from distiliqa.report.columns import COMPARED, FACTS, SCORES_CSV, slice_columns
from distiliqa.report.formatting import number_text
from distiliqa.report.measured_columns import POOLED_COLUMNS
from distiliqa.scoring.acquisition_summary import MEASURED
from distiliqa.scoring.series_score import SeriesScore

_PLACES = ("slice", "number", "position_mm")

# Settings of the scan, and texts of the header: a series has one value of each, or a mixture.
SETTINGS = tuple(column for column in FACTS if column.name not in MEASURED)

MEASURES = tuple(
    column
    for column in SCORES_CSV
    if column.digits is not None and column not in SETTINGS and column.name not in _PLACES
)

# Beside score and noise level, in the figures of a series.
_SHOWN = slice_columns("mtf50_per_mm", "dprime", "dw_mm", "ssde_mgy")

# Short names for tables, in the order of the columns.
SHORT_NAMES = {
    "score": "Score",
    "noise_hu": "Noise",
    "mtf50_per_mm": "f50",
    "mtf10_per_mm": "f10",
    "nps_mean_per_mm": "NPS mean",
    "dprime": "d'",
    "dw_mm": "Dw",
    "ctdivol_mgy": "CTDIvol",
    "ssde_mgy": "SSDE",
    "streak_index": "Streaks",
    "ring_index": "Rings",
}
TABLE = slice_columns(*SHORT_NAMES)
ABOUT_MEASURES = (
    "f50, f10: sharpness at the skin. NPS mean: mean frequency of the noise. d': detectability of "
    "a disc of 10 mm and 20 HU. Dw: water-equivalent diameter. Streaks, Rings: standard deviation "
    "of the detail in soft tissue that has one direction, and of what arcs of one radius share."
)

_POOLED = {
    "mtf": "sharpness",
    "f10": "sharpness f10",
    "nps": "texture",
    "detectability": "detectability",
}


def known_values(series: SeriesScore, column: Column) -> list[float]:
    """The finite values of a measure in the slices that count for the series."""
    values = (column.value(slice_) for slice_ in series.known)
    return [value for value in values if value is not None and math.isfinite(value)]


def short_title(column: Column) -> str:
    """Short name and unit."""
    name = SHORT_NAMES[column.name]
    return f"{name}, {column.shown_unit}" if column.shown_unit else name


def mean_value(series: SeriesScore, column: Column) -> float | None:
    """The mean of a measure over the slices that count; None where none has it."""
    found = known_values(series, column)
    return fmean(found) if found else None


def mean_text(series: SeriesScore, column: Column) -> str:
    """The mean of a measure over the slices that count; empty where none has it."""
    return number_text(mean_value(series, column), column.digits)


def mean_texts(series: SeriesScore) -> Iterator[tuple[str, str]]:
    """Term and mean of sharpness, d', size and SSDE, as far as a slice that counts has them."""
    for column in _SHOWN:
        if found := mean_text(series, column):
            yield column.title, found


def pooled_texts(series: SeriesScore) -> Iterator[tuple[str, str]]:
    """Term and value of what all slices together give, with its 95 % interval where it has one.

    Nothing unless it was asked for. What has no value has its reason.
    """
    if series.pooled is None:
        return
    texts = {column.name: (column.title, column.text(series)) for column in POOLED_COLUMNS}
    for name, (title, value) in texts.items():
        low, high = (texts.get(f"{name}_{end}", ("", ""))[1] for end in ("low", "high"))
        if value and not name.endswith(("_low", "_high")):
            yield title, f"{value} ({low} to {high})" if low else value
    for measure, reason in series.pooled.reasons.items():
        yield f"No pooled {_POOLED[measure]}", one_line(reason)


def measures_of(*, compared: bool) -> tuple[Column, ...]:
    """All measures; those against a reference only where one was given."""
    return tuple(column for column in MEASURES if compared or column not in COMPARED)
