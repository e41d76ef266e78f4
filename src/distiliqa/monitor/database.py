"""The SQLite file of a monitor: opened, brought up to date, and its errors in plain words."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.monitor.schema import CHANGES, SCHEMA, VERSION, VIEW


def open_database(path: Path) -> sqlite3.Connection:
    """Open the database of a monitor, made where there is none.

    A write-ahead log lets others read while a monitor writes, and each commit waits for the disk.

    Raises
    ------
    DistiliqaError : no such database, one of a newer version, or a folder that is full or cannot
        be written.
    """
    with in_words(path):
        connection = sqlite3.connect(path, isolation_level=None)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        _bring_up(connection, path)
    return connection


def _bring_up(connection: sqlite3.Connection, path: Path) -> None:
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version == 0 and tables == 0:
        script = f"{SCHEMA} {VIEW}"
        connection.executescript(f"BEGIN; {script} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version in CHANGES:
        script = f"DROP VIEW series_means; {CHANGES[version]} {VIEW}"
        connection.executescript(f"BEGIN; {script} PRAGMA user_version = {VERSION}; COMMIT;")
    elif version > VERSION:
        raise DistiliqaError(
            f"version {version}, this version reads {VERSION}",
            path=path,
            remedy="update distiliqa or give another --out",
        )
    elif version != VERSION:
        raise DistiliqaError(
            "not a database of a monitor", path=path, remedy="give another --out, or move it away"
        )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Write all of it or nothing, whatever happens inside."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def in_words(path: Path) -> Iterator[None]:
    """Turn the errors of SQLite into one line with a remedy."""
    try:
        yield
    except sqlite3.Error as error:
        raise DistiliqaError(str(error), path=path, remedy=_remedy(str(error))) from error


def _remedy(problem: str) -> str:
    if "full" in problem or "disk I/O" in problem:
        return "free some space; what is in it is whole"
    if "not a database" in problem or "malformed" in problem:
        return "give another --out, or move it away"
    if "locked" in problem:
        return "close the program that writes to it"
    return "choose an output folder you may write to"
