"""What is measured, on the screen: one line a series, and why some have no value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from distiliqa.errors import one_line
from distiliqa.report.column import Column
from distiliqa.report.columns import slice_columns
from distiliqa.report.mean_columns import SHORT_NAMES, known_values, mean_text
from distiliqa.report.measure_facts import commonest_reason
from distiliqa.scoring.series_score import SeriesScore

MAX_SERIES = 40  # lines
_COLUMNS = slice_columns(
    "score", "noise_hu", "mtf50_per_mm", "dprime", "dw_mm", "ctdivol_mgy", "ssde_mgy"
)
LEGEND = (
    "Means of each series. f50: sharpness at the skin. d': detectability of a disc of 10 mm and "
    "20 HU. Dw: water-equivalent diameter."
)

Labeled = Sequence[tuple[str, SeriesScore]]


def measures_table(series: Labeled) -> Table | None:
    """Score, noise, sharpness, detectability, size and dose of series with their labels.

    A column that no series has a value for is left out. None where nothing was measured.
    """
    if not any(slice_.measures for _, one in series for slice_ in one.slices):
        return None
    shown = series[:MAX_SERIES]
    first = "Measures" if len(shown) == len(series) else f"Measures, {len(shown)} worst"
    rows = [[mean_text(one, column) for column in _COLUMNS] for _, one in shown]
    filled = [any(column) for column in zip(*rows, strict=True)]
    table = Table(box=SIMPLE_HEAD)
    table.add_column(first, no_wrap=True)
    for column, has in zip(_COLUMNS, filled, strict=True):
        if has:
            table.add_column(_head(column), justify="right", no_wrap=True)
    for (label, _), means in zip(shown, rows, strict=True):
        table.add_row(Text(label), *(mean for mean, has in zip(means, filled, strict=True) if has))
    return table


def missing_lines(series: Labeled) -> Iterator[str]:
    """How many series have no value of a measure, by the commonest reason of each."""
    for column in _COLUMNS:
        lacking = [one for _, one in series if not known_values(one, column)]
        reasons = Counter(_reason(one, column) for one in lacking)
        if lacking:
            why = "; ".join(f"{one_line(why)} ({count})" for why, count in reasons.most_common(3))
            yield f"no {SHORT_NAMES[column.name]} for {len(lacking)} of {len(series)} series: {why}"


def _head(column: Column) -> str:
    return f"{SHORT_NAMES[column.name]}\n{column.shown_unit}"


def _reason(series: SeriesScore, column: Column) -> str:
    if column.name == "ctdivol_mgy":
        return "not stated"
    return commonest_reason(series, column.name) or "not measured"
