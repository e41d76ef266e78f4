"""Means of series, from the parts: a second step that reads only what it needs."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from distiliqa.archive.parts import Parts
from distiliqa.archive.table import SCORED
from distiliqa.files import atomic_path
from distiliqa.report.csv import open_csv
from distiliqa.report.json import rounded

_MEANS = ("score", "interval_low", "interval_high", "noise_hu")
_BY = ("series", "outside")
_READ = (*_BY, "state", "position_mm", *_MEANS)
_TOGETHER = 1_000_000  # rows of partial sums before they are added up

COLUMNS = {
    "series": pa.string(),
    "slices": pa.int64(),
    "outside": pa.int64(),
    **dict.fromkeys(_MEANS, pa.float64()),
    "lowest_position_mm": pa.float64(),
    "highest_position_mm": pa.float64(),
}


def write_series(parts: Parts, folder: Path, *, count_outside: bool) -> int:
    """Write ``series.parquet`` and ``series.csv``, one row a series; how many there are.

    The means are over the slices that count: those inside what the model knows, or all where none
    is inside or ``count_outside`` is set, as in `distiliqa.scoring.result.SeriesScore`. They are
    made slice by slice: copies of a slice count each, and no slice is missed.

    Raises
    ------
    DistiliqaError : the disk is full, or a part is damaged.
    """
    rows = list(_rows(_sums(parts.read(_READ)), count_outside))
    with atomic_path(folder / "series.parquet") as partial:
        pq.write_table(pa.Table.from_pylist(rows, pa.schema(COLUMNS)), partial, compression="zstd")
    with open_csv(folder / "series.csv") as file:
        writer = csv.DictWriter(file, list(COLUMNS))
        writer.writeheader()
        writer.writerows({name: rounded(value) for name, value in row.items()} for row in rows)
    return len(rows)


def _sums(tables: Iterable[pa.Table]) -> pa.Table:
    """Counts and sums of each series, inside and outside apart; one part at a time is read."""
    sums, waiting = [_summed(_nothing())], 0
    for table in tables:
        sums.append(_summed(table.filter(pc.equal(table["state"], SCORED))))
        waiting += len(sums[-1])
        if waiting > _TOGETHER:
            sums, waiting = [_added(sums)], 0
    return _added(sums)


def _nothing() -> pa.Table:
    numbers = ("position_mm", *_MEANS)
    types = {"series": pa.string(), "outside": pa.bool_(), **dict.fromkeys(numbers, pa.float64())}
    return pa.schema(types).empty_table()


def _summed(slices: pa.Table) -> pa.Table:
    each = [(name, how) for name in _MEANS for how in ("sum", "count")]
    places = [("position_mm", "min"), ("position_mm", "max")]
    grouped = slices.group_by(list(_BY)).aggregate([*each, *places])
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
    found: dict[str, dict[bool, dict[str, float]]] = {}
    for row in sums.to_pylist():
        found.setdefault(row.pop("series"), {})[row.pop("outside")] = row
    for series, halves in sorted(found.items()):
        inside, counts = halves.get(False), list(halves.values())
        yield {
            "series": series,
            "slices": sum(half["score_count"] for half in counts),
            "outside": halves[True]["score_count"] if True in halves else 0,
            **_means(counts if count_outside or inside is None else [inside]),
            "lowest_position_mm": min(_known(counts, "position_mm_min"), default=None),
            "highest_position_mm": max(_known(counts, "position_mm_max"), default=None),
        }


def _means(halves: list[dict[str, float]]) -> dict[str, float | None]:
    means: dict[str, float | None] = {}
    for name in _MEANS:
        count = sum(half[f"{name}_count"] for half in halves)
        total = sum(half[f"{name}_sum"] or 0.0 for half in halves)
        means[name] = total / count if count else None
    return means


def _known(halves: list[dict[str, float]], name: str) -> list[float]:
    return [half[name] for half in halves if half[name] is not None]
