"""The store of a monitor on disk: the files that it has seen, and their scores."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from distiliqa.errors import DistiliqaError
from distiliqa.files import FileStamp
from distiliqa.models.config import ModelConfig
from distiliqa.models.folder import ONNX
from distiliqa.monitor.database import in_words, open_database, transaction
from distiliqa.monitor.recording import Outcome, record_outcomes

ATTEMPTS = 3  # at a file that fails, one a look: it may still be written


class Alarm(NamedTuple):
    """A stretch out of control.

    Attributes
    ----------
    side : of the baseline.
    first, last : numbers of its series in the protocol, as they are now.
    still : whether it goes on.
    """

    protocol: str
    measure: str
    side: str
    first: int
    last: int
    still: bool


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
        with in_words(self.path), transaction(self._database):
            record_outcomes(self._database, outcomes, patients)

    def _read(self, query: str, *values: Any) -> list[sqlite3.Row]:
        with in_words(self.path):
            return self._database.execute(query, values).fetchall()
