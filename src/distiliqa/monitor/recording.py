"""Outcomes of files, and their record in the database of a monitor: files, series and slices."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from distiliqa.ct import Acquisition, DoseEvent, Problem
from distiliqa.files import FileStamp
from distiliqa.metrics.ssde import DOSE_REASONS
from distiliqa.monitor.dose_join import (
    forget_replaced,
    is_report,
    join_dose,
    record_events,
    series_of_studies,
)
from distiliqa.monitor.schema import OF_A_SERIES, OF_A_SLICE
from distiliqa.monitor.watch import name_of
from distiliqa.report.columns import row_of
from distiliqa.scoring.series_warnings import series_warnings
from distiliqa.scoring.slice_score import SliceScore


@dataclass(frozen=True)
class Outcome:
    """The outcome of one file.

    Attributes
    ----------
    path, stamp : the file, and its stamp before it was read.
    sha256 : of its content; None where it cannot be opened.
    reason : why it is left out or failed; None if it is scored.
    failed : whether it should have been scored.
    scores : of the slices that were not scored before.
    events : irradiation events, where the file is a radiation dose report.
    """

    path: Path
    stamp: FileStamp
    sha256: str | None = None
    reason: str | None = None
    failed: bool = False
    scores: tuple[SliceScore, ...] = ()
    events: tuple[DoseEvent, ...] = ()

    @property
    def state(self) -> str:
        """As the database names it."""
        if self.reason is None:
            return "scored"
        return "failed" if self.failed else "left out"

    @property
    def problem(self) -> Problem:
        """The file, and why it is not scored."""
        return Problem(str(self.path), self.reason or "")


def record_outcomes(
    database: sqlite3.Connection, outcomes: Iterable[Outcome], patients: Mapping[str, int]
) -> None:
    """Write outcomes inside a transaction of the caller.

    Parameters
    ----------
    database : sqlite3.Connection
        See `distiliqa.monitor.database`.
    outcomes : Iterable[Outcome]
        Of files that are as they were before they were read.
    patients : Mapping[str, int]
        Number of patients that the slices of a series have named so far.
    """
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    touched: dict[int, int] = {}
    studies: set[str] = set()
    for outcome in outcomes:
        for score in outcome.scores:
            number = _series_id(database, score, now)
            touched[number] = patients.get(score.series, 1)
            _insert_slice(database, outcome.sha256, number, score, now)
        for number in _note_file(database, outcome):
            touched.setdefault(number, 1)
        studies |= record_events(database, outcome.sha256, outcome.events)
    for number, count in touched.items():
        _check_series(database, number, count)
    for number in touched.keys() | series_of_studies(database, studies):
        join_dose(database, number)


def _series_id(database: sqlite3.Connection, score: SliceScore, now: str) -> int:
    name = name_of(Path(score.series))
    facts = row_of(OF_A_SERIES, score)
    scan = score.info.identification
    row = {
        "series": name,
        "first_scored": now,
        **facts,
        "scan_date": scan.scan_date,
        "scan_time": scan.scan_time,
        "station": scan.station,
        "patients": 1,
        "warnings": "[]",
    }
    _insert(database, "INSERT OR IGNORE INTO series", row)
    found = database.execute("SELECT id FROM series WHERE series = ?", (name,))
    return found.fetchone()["id"]


def _insert_slice(
    database: sqlite3.Connection, sha256: str | None, series: int, score: SliceScore, now: str
) -> None:
    row = {
        "sha256": sha256,
        "frame": score.frame,
        "series_id": series,
        **row_of(OF_A_SLICE, score),
        "warnings": json.dumps(score.warnings),
        "scored": now,
        "study_uid": score.info.study_uid,
        "event_uids": json.dumps(score.info.event_uids),
        "ctdi_phantom_cm": score.acquisition.ctdi_phantom_cm,
        "awaits_dose": score.measures is not None
        and score.measures.ssde.reason in (None, *DOSE_REASONS),
    }
    _insert(database, "INSERT INTO slices", row)


def _insert(database: sqlite3.Connection, into: str, row: Mapping[str, object]) -> None:
    marks = ", ".join(f":{name}" for name in row)
    database.execute(f"{into} ({', '.join(row)}) VALUES ({marks})", row)


def _note_file(database: sqlite3.Connection, outcome: Outcome) -> list[int]:
    """Record the file as it is now; scores and dose of its former content are superseded.

    Returns the series that it shows.
    """
    path = name_of(outcome.path)
    row = database.execute("SELECT * FROM files WHERE path = ?", (path,)).fetchone()
    former = None if row is None else row["sha256"]
    shown = _series_of(database, outcome.sha256)
    # A file that breaks while it is replaced still has to give its former content up later.
    is_broken = not (shown or outcome.events) and _is_used(database, former)
    database.execute(
        "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            path,
            *outcome.stamp,
            former if is_broken else outcome.sha256,
            outcome.state,
            outcome.reason,
            _attempts(outcome, row),
        ),
    )
    database.execute("UPDATE slices SET superseded = 0 WHERE sha256 = ?", (outcome.sha256,))
    if former not in (None, outcome.sha256):
        _supersede(database, former, outcome.sha256)
        forget_replaced(database, former, outcome.events)
    return shown


def _series_of(database: sqlite3.Connection, sha256: str | None) -> list[int]:
    """The series that a content shows slices of."""
    found = database.execute("SELECT DISTINCT series_id FROM slices WHERE sha256 = ?", (sha256,))
    return [row["series_id"] for row in found]


def _is_used(database: sqlite3.Connection, sha256: str | None) -> bool:
    return bool(_series_of(database, sha256)) or is_report(database, sha256)


def _supersede(database: sqlite3.Connection, former: str, current: str | None) -> None:
    """Only within a series: a name that is used again for another scan replaces nothing."""
    database.execute(
        "UPDATE slices SET superseded = 1 WHERE sha256 = :former"
        " AND series_id IN (SELECT series_id FROM slices WHERE sha256 = :current)"
        " AND NOT EXISTS (SELECT 1 FROM files WHERE sha256 = :former)",
        {"former": former, "current": current},
    )


def _check_series(database: sqlite3.Connection, number: int, patients: int) -> None:
    """Update the warnings of a series of which other slices count now."""
    rows = database.execute(
        "SELECT position_mm, kvp, kernel, slice_thickness_mm FROM slices"
        " WHERE series_id = ? AND NOT superseded",
        (number,),
    ).fetchall()
    (known,) = database.execute("SELECT patients FROM series WHERE id = ?", (number,)).fetchone()
    most = max(known, patients)
    facts = [
        Acquisition(
            kvp=row["kvp"],
            kernel=row["kernel"],
            slice_thickness_mm=row["slice_thickness_mm"],
        )
        for row in rows
    ]
    found = series_warnings([row["position_mm"] for row in rows], facts, most)
    database.execute(
        "UPDATE series SET patients = ?, warnings = ? WHERE id = ?",
        (most, json.dumps(found), number),
    )


def _attempts(outcome: Outcome, row: sqlite3.Row | None) -> int:
    """How often a file was tried as it is; one that cannot be opened may be as soon as it can."""
    if outcome.sha256 is None:
        return 0
    if row is None or (row["size"], row["modified_ns"]) != outcome.stamp:
        return 1
    return int(row["attempts"]) + 1
