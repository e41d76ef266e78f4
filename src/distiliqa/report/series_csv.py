"""``series.csv``: one row a series, with the mean of each measure and its spread along z."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from statistics import stdev
from typing import Any

from distiliqa.report.column import SCALE, Column
from distiliqa.report.columns import row_of, series_columns
from distiliqa.report.csv import write_table
from distiliqa.report.dose_facts import DLP, DOSE_EVENT
from distiliqa.report.level_checks import LEVELS
from distiliqa.report.mean_columns import SETTINGS, known_values, mean_value, measures_of
from distiliqa.report.measure_facts import NOT_MEASURED
from distiliqa.report.measured_columns import POOLED_COLUMNS
from distiliqa.report.names import Names
from distiliqa.report.scan_facts import OF_NOBODY, OF_PATIENT
from distiliqa.report.series_entry import SeriesEntry, list_series
from distiliqa.report.standard_names import STANDARD
from distiliqa.scoring.result import ScoringRun

# Measures that have a name of their own in this file.
_SCORE, _ENDS = "score", ("interval_low", "interval_high")


def _of_entry(
    name: str,
    unit: str,
    digits: int | None,
    term: str,
    meaning: str,
    take: Callable[[SeriesEntry], Any],
) -> Column:
    return Column(name, unit, digits, meaning, take, "series", term)


def _of_series(column: Column) -> Column:
    """The column of a series, taken from its entry."""
    return replace(column, value=lambda entry: column.value(entry.series))


def _mean(column: Column) -> Column:
    def take(entry: SeriesEntry) -> float | None:
        return mean_value(entry.series, column)

    name = "score_mean" if column.name == _SCORE else column.name
    meaning = f"Mean over the slices that count. {column.meaning}"
    return replace(column, name=name, value=take, meaning=meaning, level="series")


def _deviation(column: Column) -> Column:
    def take(entry: SeriesEntry) -> float | None:
        found = known_values(entry.series, column)
        return stdev(found) if len(found) > 1 else None

    meaning = f"Standard deviation of `{column.name}` along z, over the slices that count."
    return replace(
        column, name=f"{column.name}_sd", value=take, meaning=meaning, level="series", heading=""
    )


def _setting(column: Column) -> Column:
    def take(entry: SeriesEntry) -> Any:
        return getattr(entry.series.acquisition, column.name)

    return replace(column, value=take, level="series")


def _warnings(entry: SeriesEntry) -> tuple[str, ...]:
    return tuple(dict.fromkeys(entry.series.all_warnings))


_NAME = _of_entry("name", "", None, "Name", "Name of the series in the report.", attrgetter("name"))
_SCORES = (
    _of_entry(
        "score_p10",
        SCALE,
        2,
        "10th percentile",
        "One slice in ten that count has this score or a worse one; empty for a single slice.",
        lambda entry: None if entry.tenth is None else entry.tenth.score,
    ),
    _of_entry(
        "score_worst",
        SCALE,
        2,
        "Worst",
        "Score of the worst slice that counts.",
        lambda entry: entry.ranked[0].score,
    ),
    *map(_of_series, series_columns(*_ENDS)),
)
_WARNINGS = _of_entry(
    "warnings", "", None, "Warnings", "Warnings of the series, separated by `; `.", _warnings
)

# With ``identify`` alone.
IDENTIFYING = (
    replace(
        _of_series(series_columns("series")[0]),
        meaning="Series instance UID, or the file or folder of it.",
    ),
    *map(_of_series, OF_PATIENT),
)


def columns_of_series_csv(
    *, identify: bool, compared: bool, pooled: bool = True
) -> tuple[Column, ...]:
    """The columns in the order of the file.

    Measures come last: a new one does not move the others.

    Parameters
    ----------
    identify : add what may identify a patient: UID, date, protocol, description, station, order.
    compared : add the metrics against a reference.
    pooled : add the measures of all slices together.
    """
    measures = measures_of(compared=compared)
    score = next(column for column in measures if column.name == _SCORE)
    others = [column for column in measures if column.name not in (_SCORE, *_ENDS)]
    return (
        _NAME,
        *map(_of_series, series_columns("slices", "counted", "outside")),
        _mean(score),
        *_SCORES,
        *map(_of_series, OF_NOBODY),
        *(IDENTIFYING if identify else ()),
        *map(_setting, SETTINGS),
        *map(_of_series, (DLP, DOSE_EVENT, STANDARD, LEVELS, NOT_MEASURED)),
        _WARNINGS,
        _deviation(score),
        *(made(column) for column in others for made in (_mean, _deviation)),
        *(map(_of_series, POOLED_COLUMNS) if pooled else ()),
    )


def write_series_csv(path: Path, run: ScoringRun, *, identify: bool = False) -> None:
    """Write one row a series, in reading order.

    Raises
    ------
    DistiliqaError
        See `distiliqa.report.csv.open_csv`.
    """
    names = [column.name for column in _columns(run, identify=identify)]
    write_table(path, names, series_rows(run, identify=identify))


def series_rows(run: ScoringRun, *, identify: bool = False) -> Iterator[dict[str, Any]]:
    """Give one row a series with the columns of ``series.csv``, not rounded."""
    columns = _columns(run, identify=identify)
    entries = list_series(run, Names.of(run, identify=identify))
    return (row_of(columns, entry) for entry in entries)


def _columns(run: ScoringRun, *, identify: bool) -> tuple[Column, ...]:
    compared = any(slice_.comparison is not None for slice_ in run.slices)
    return columns_of_series_csv(identify=identify, compared=compared, pooled=run.measures == "all")
