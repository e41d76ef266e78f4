"""The series of a protocol in the order of their scans, and when each was scanned."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from distiliqa.ct.dicom.identification import MIN_YEAR

MIN_SPAN = timedelta(days=1)  # of an axis of days

Row = sqlite3.Row | Mapping[str, Any]


@dataclass(frozen=True)
class ScanOrder:
    """Rows in the order of their scans, and where they are on an axis of time.

    Attributes
    ----------
    rows : the series, earliest first.
    days : days since the first, one for each row; empty where there is no axis of time.
    first : when the first was scanned; None where there is no axis of time.
    undated : number of series without a date of the scan.
    """

    rows: tuple[Row, ...]
    days: tuple[float, ...]
    first: datetime | None
    undated: int


def scan_order(rows: Sequence[Row]) -> ScanOrder:
    """Put series into the order of their scans.

    A series without a date of the scan has the time at which it was first scored. Where none has
    one, the order is that of arrival. Scans within a day have no axis of days.
    """
    stated = [_stated(row) for row in rows]
    undated = stated.count(None)
    if undated == len(rows):
        return ScanOrder(tuple(rows), (), None, undated)
    moments = [moment or _scored(row) for moment, row in zip(stated, rows, strict=True)]
    order = sorted(range(len(rows)), key=lambda at: (moments[at], rows[at]["id"]))
    first, last = moments[order[0]], moments[order[-1]]
    ordered = tuple(rows[at] for at in order)
    if last - first < MIN_SPAN:
        return ScanOrder(ordered, (), None, undated)
    days = tuple((moments[at] - first) / timedelta(days=1) for at in order)
    return ScanOrder(ordered, days, first, undated)


def _stated(row: Row) -> datetime | None:
    """When a series was scanned; None where no date is known.

    Databases of earlier versions hold placeholders of anonymizers, also in no valid form.
    """
    try:
        moment = datetime.fromisoformat(f"{row['scan_date']}T{row['scan_time'] or '00:00:00'}")
    except ValueError:
        return None
    return moment if moment.year >= MIN_YEAR else None


def _scored(row: Row) -> datetime:
    return datetime.fromisoformat(row["first_scored"]).replace(tzinfo=None)
