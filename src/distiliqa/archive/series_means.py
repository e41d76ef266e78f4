"""Means of series, from a few columns of the parts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from distiliqa.archive.parts import Parts
from distiliqa.archive.table import SCORED
from distiliqa.files import atomic_path
from distiliqa.report.columns import SERIES
from distiliqa.report.csv import write_table
from distiliqa.report.measured_columns import MEASURED_COLUMNS
from distiliqa.scoring.series_score import counted

_MEASURED = tuple(column.name for column in MEASURED_COLUMNS)
_MEANS = ("score", "interval_low", "interval_high", "noise_hu", "processed", *_MEASURED)
_BY = ("series", "outside", "empty")
_PROCESSED = "counts_as_processed"
_READ = (*_BY, "state", "position_mm", _PROCESSED, *_MEANS)
_MAX_SUMS = 1_000_000  # rows of partial sums before they are added up

_COUNTS = dict.fromkeys(("slices", "outside", "processed_slices"), pa.int64())
_TYPES = {"series": pa.string(), **_COUNTS}
# Columns that parts of earlier versions lack, with what they would hold.
_NEWER = {
    "empty": pa.scalar(False),
    "processed": pa.scalar(None, pa.float64()),
    _PROCESSED: pa.scalar(None, pa.bool_()),
    **dict.fromkeys(_MEASURED, pa.scalar(None, pa.float64())),
}
COLUMNS = {
    column.name: _TYPES.get(column.name, pa.float64())
    for column in (*SERIES, *MEASURED_COLUMNS)
    if column.name != "counted"
}


def write_series(parts: Parts, folder: Path, *, count_outside: bool) -> int:
    """Write ``series.parquet`` and ``series.csv``, one row for a series; returns their number.

    The means are over the slices that count, see `distiliqa.scoring.series_score.counted`. A copy
    of a slice counts too.

    Raises
    ------
    DistiliqaError
        The disk is full, or a part is damaged.
    """
    rows = list(_rows(_sums(parts.read(_READ)), count_outside))
    with atomic_path(folder / "series.parquet") as partial:
        pq.write_table(pa.Table.from_pylist(rows, pa.schema(COLUMNS)), partial, compression="zstd")
    write_table(folder / "series.csv", list(COLUMNS), rows)
    return len(rows)


def _sums(tables: Iterable[pa.Table]) -> pa.Table:
    """Counts and sums of all series, read part by part."""
    sums, waiting = [_summed(_nothing())], 0
    for table in tables:
        scored = table.filter(pc.equal(table["state"], SCORED))
        sums.append(_summed(_completed(scored)))
        waiting += len(sums[-1])
        if waiting > _MAX_SUMS:
            sums, waiting = [_added(sums)], 0
    return _added(sums)


def _completed(slices: pa.Table) -> pa.Table:
    """The rows with the columns that parts of earlier versions lack."""
    for name, value in _NEWER.items():
        if name not in slices.column_names:
            slices = slices.append_column(name, pa.repeat(value, len(slices)))
    return slices


def _nothing() -> pa.Table:
    flags = dict.fromkeys(("outside", "empty", _PROCESSED), pa.bool_())
    types = {"series": pa.string(), **flags}
    numbers = dict.fromkeys(("position_mm", *_MEANS), pa.float64())
    return pa.schema(types | numbers).empty_table()


def _summed(slices: pa.Table) -> pa.Table:
    means = [(name, how) for name in _MEANS for how in ("sum", "count")]
    places = [("position_mm", "min"), ("position_mm", "max")]
    counts = [(_PROCESSED, "sum")]
    grouped = slices.group_by(list(_BY)).aggregate([*means, *places, *counts])
    return grouped.select(sorted(grouped.column_names))


def _added(sums: list[pa.Table]) -> pa.Table:
    whole = pa.concat_tables(sums)
    how = {"sum": "sum", "count": "sum", "min": "min", "max": "max"}
    names = [name for name in whole.column_names if name not in _BY]
    added = whole.group_by(list(_BY)).aggregate(
        [(name, how[name.rpartition("_")[2]]) for name in names]
    )
    plain = [name if name in _BY else name.rpartition("_")[0] for name in added.column_names]
    return added.rename_columns(plain).select(whole.column_names)


def _rows(sums: pa.Table, count_outside: bool) -> Iterator[dict[str, object]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for row in sums.to_pylist():
        found.setdefault(row.pop("series"), []).append(row)
    for series, groups in sorted(found.items()):
        yield {
            "series": series,
            "slices": sum(group["score_count"] for group in groups),
            "outside": sum(group["score_count"] for group in groups if group["outside"]),
            **_means(groups if count_outside else counted(groups, _tier)),
            "lowest_position_mm": min(_known(groups, "position_mm_min"), default=None),
            "highest_position_mm": max(_known(groups, "position_mm_max"), default=None),
            "processed_slices": _processed_slices(groups),
        }


def _processed_slices(groups: Sequence[dict[str, Any]]) -> int | None:
    """Number of slices that count as processed; None for a model that reports none."""
    if not any(group["processed_count"] for group in groups):
        return None
    return sum(group[f"{_PROCESSED}_sum"] or 0 for group in groups)


def _tier(group: dict[str, Any]) -> int:
    return int(group["outside"]) + _empty(group)


def _empty(group: dict[str, Any]) -> int:
    return int(bool(group["empty"]))


def _means(groups: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Means over one set of slices, as those of `distiliqa.scoring.series_score.SeriesScore`.

    The noise level, and what is measured, are those of fewer slices: of those that have them.
    """
    slices = sum(group["score_count"] for group in groups)
    means: dict[str, float | None] = {}
    for name in _MEANS:
        ends = name.startswith("interval")
        from_score = [ends and bool(_empty(group)) for group in groups]
        names = ["score" if certain else name for certain in from_score]
        pairs = list(zip(groups, names, strict=True))
        count = sum(group[f"{source}_count"] for group, source in pairs)
        total = sum(group[f"{source}_sum"] or 0.0 for group, source in pairs)
        known = count == slices and not all(from_score) if ends else count > 0
        means[name] = total / count if known else None
    return means


def _known(groups: list[dict[str, Any]], name: str) -> list[float]:
    return [group[name] for group in groups if group[name] is not None]
