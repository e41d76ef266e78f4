"""The store of a monitor on disk: the files that it has seen, and their scores."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from distiliqa.ct import Acquisition
from distiliqa.errors import DistiliqaError
from distiliqa.files import FileStamp
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import ONNX
from distiliqa.monitor.database import OF_A_SERIES, OF_A_SLICE, in_words, open_database, transaction
from distiliqa.monitor.watch import name_of
from distiliqa.report.columns import row_of
from distiliqa.scoring.checks import series_warnings
from distiliqa.scoring.slice_score import SliceScore

ATTEMPTS = 3  # at a file that fails, one a look: it may still be written


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
    """

    path: Path
    stamp: FileStamp
    sha256: str | None = None
    reason: str | None = None
    failed: bool = False
    scores: tuple[SliceScore, ...] = ()

    @property
    def state(self) -> str:
        """As the database names it."""
        if self.reason is None:
            return "scored"
        return "failed" if self.failed else "left out"


class Alarm(NamedTuple):
    """A stretch out of control that goes on: protocol, measurement, and side of the baseline."""

    protocol: str
    measure: str
    side: str


class Store:
    """The database of a monitor, open for one model.

    Raises
    ------
    DistiliqaError : see `open_database`, or the scores in it are of another model.
    """

    def __init__(self, path: Path, model: ModelConfig) -> None:
        self.path = path
        self._database = open_database(path)
        try:
            self._bind(model)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file; nothing is lost without it."""
        self._database.close()

    def _bind(self, model: ModelConfig) -> None:
        mine = (model.name, model.version, model.files[ONNX])
        with in_words(self.path), transaction(self._database):
            found = self._database.execute("SELECT name, version, sha256 FROM model").fetchone()
            if found is None:
                self._database.execute("INSERT INTO model VALUES (?, ?, ?)", mine)
        if found is not None and tuple(found) != mine:
            raise DistiliqaError(
                f"holds scores of {found['name']} {found['version']}, not of {model.name} "
                f"{model.version}: scores of different models are not one scale",
                path=self.path,
                remedy="give that model, or another --out",
            )

    def done(self) -> dict[str, FileStamp]:
        """The files, by `name_of`, that need not be looked at again while their stamp is this."""
        rows = self._read(
            "SELECT path, size, modified_ns FROM files WHERE state != 'failed' OR attempts >= ?",
            ATTEMPTS,
        )
        return {row["path"]: FileStamp(row["size"], row["modified_ns"]) for row in rows}

    def frames_of(self, sha256: str) -> set[int]:
        """The frames of a content that are scored, whatever its file was called."""
        rows = self._read("SELECT frame FROM slices WHERE sha256 = ?", sha256)
        return {row["frame"] for row in rows}

    def series(self) -> list[sqlite3.Row]:
        """The rows of ``series_means``, in the order of arrival."""
        return self._read("SELECT * FROM series_means")

    def counts(self) -> dict[str, int]:
        """Number of files by state."""
        return dict(map(tuple, self._read("SELECT state, count(*) FROM files GROUP BY state")))

    def failed(self) -> list[sqlite3.Row]:
        """``path`` and ``reason`` of the files that failed."""
        return self._read("SELECT path, reason FROM files WHERE state = 'failed' ORDER BY path")

    def report_once(self, alarms: Mapping[Alarm, Iterable[int]]) -> list[Alarm]:
        """Take a note of alarms, and return those of which no series is in a former alarm.

        Parameters
        ----------
        alarms : the series, by the ids of the database, of each stretch out of control.
        """
        new = []
        with in_words(self.path), transaction(self._database):
            for alarm, ids in alarms.items():
                rows = [(number, alarm.measure, alarm.side) for number in ids]
                if not any(self._is_reported(row) for row in rows):
                    new.append(alarm)
                self._database.executemany("INSERT OR IGNORE INTO alarms VALUES (?, ?, ?)", rows)
        return new

    def _is_reported(self, row: tuple[int, str, str]) -> bool:
        found = self._database.execute(
            "SELECT 1 FROM alarms WHERE series_id = ? AND measure = ? AND side = ?", row
        )
        return found.fetchone() is not None

    def record(self, outcomes: Iterable[Outcome], patients: Mapping[str, int]) -> None:
        """Write the outcome of some files: all of it, or nothing.

        Parameters
        ----------
        patients : number of patients that the slices of a series have named so far.

        Raises
        ------
        DistiliqaError : the disk is full, or the file cannot be written.
        """
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        with in_words(self.path), transaction(self._database):
            touched: dict[int, int] = {}
            for outcome in outcomes:
                for score in outcome.scores:
                    number = self._series_id(score, now)
                    touched[number] = patients.get(score.series, 1)
                    self._insert_slice(outcome.sha256, number, score, now)
                for number in self._note_file(outcome):
                    touched.setdefault(number, 1)
            for number, count in touched.items():
                self._check_series(number, count)

    def _series_id(self, score: SliceScore, now: str) -> int:
        name = name_of(Path(score.series))
        facts = row_of(OF_A_SERIES, score)
        scan = score.info.identification
        row = {
            "series": name,
            "first_scored": now,
            **facts,
            "scan_date": scan.study_date,
            "scan_time": scan.scan_time,
            "station": scan.station,
            "patients": 1,
            "warnings": "[]",
        }
        self._insert("INSERT OR IGNORE INTO series", row)
        found = self._database.execute("SELECT id FROM series WHERE series = ?", (name,))
        return found.fetchone()["id"]

    def _insert_slice(self, sha256: str | None, series: int, score: SliceScore, now: str) -> None:
        row = {
            "sha256": sha256,
            "frame": score.frame,
            "series_id": series,
            **row_of(OF_A_SLICE, score),
            "warnings": json.dumps(score.warnings),
            "scored": now,
        }
        self._insert("INSERT INTO slices", row)

    def _insert(self, into: str, row: Mapping[str, object]) -> None:
        marks = ", ".join(f":{name}" for name in row)
        self._database.execute(f"{into} ({', '.join(row)}) VALUES ({marks})", row)

    def _note_file(self, outcome: Outcome) -> list[int]:
        """Record the file as it is now; scores of its former content are superseded.

        Returns the series that it shows.
        """
        path = name_of(outcome.path)
        row = self._database.execute("SELECT * FROM files WHERE path = ?", (path,)).fetchone()
        former = None if row is None else row["sha256"]
        shown = self._series_of(outcome.sha256)
        # A file that breaks while it is replaced still has to give its former content up later.
        kept = former if not shown and self._series_of(former) else outcome.sha256
        self._database.execute(
            "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                path,
                *outcome.stamp,
                kept,
                outcome.state,
                outcome.reason,
                _attempts(outcome, row),
            ),
        )
        if shown:
            self._database.execute(
                "UPDATE slices SET superseded = 0 WHERE sha256 = ?", (outcome.sha256,)
            )
            if former not in (None, outcome.sha256):
                self._supersede(former, outcome.sha256)
        return shown

    def _series_of(self, sha256: str | None) -> list[int]:
        """The series that a content shows slices of."""
        found = self._database.execute(
            "SELECT DISTINCT series_id FROM slices WHERE sha256 = ?", (sha256,)
        )
        return [row["series_id"] for row in found]

    def _supersede(self, former: str, current: str | None) -> None:
        """Only within a series: a name that is used again for another scan replaces nothing."""
        self._database.execute(
            "UPDATE slices SET superseded = 1 WHERE sha256 = :former"
            " AND series_id IN (SELECT series_id FROM slices WHERE sha256 = :current)"
            " AND NOT EXISTS (SELECT 1 FROM files WHERE sha256 = :former)",
            {"former": former, "current": current},
        )

    def _check_series(self, number: int, patients: int) -> None:
        """Update the warnings of a series of which other slices count now."""
        rows = self._database.execute(
            "SELECT position_mm, kvp, kernel, slice_thickness_mm FROM slices"
            " WHERE series_id = ? AND NOT superseded",
            (number,),
        ).fetchall()
        (known,) = self._database.execute(
            "SELECT patients FROM series WHERE id = ?", (number,)
        ).fetchone()
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
        self._database.execute(
            "UPDATE series SET patients = ?, warnings = ? WHERE id = ?",
            (most, json.dumps(found), number),
        )

    def _read(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with in_words(self.path):
            return self._database.execute(query, values).fetchall()


def _attempts(outcome: Outcome, row: sqlite3.Row | None) -> int:
    """How often a file was tried as it is; one that cannot be opened may be as soon as it can."""
    if outcome.sha256 is None:
        return 0
    if row is None or (row["size"], row["modified_ns"]) != outcome.stamp:
        return 1
    return int(row["attempts"]) + 1
