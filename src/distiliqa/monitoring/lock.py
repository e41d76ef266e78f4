"""One monitor to an output folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder

LOCK = "monitor.lock"


@contextmanager
def only_monitor(out: Path) -> Iterator[None]:
    """Hold the output folder; the system lets go of it however the process ends.

    The lock is that of SQLite on an empty database, which all platforms have. It is not the
    database of the scores, which others may read meanwhile.

    Raises
    ------
    DistiliqaError : another monitor holds the folder, or it cannot be written.
    """
    make_folder(out)
    try:
        connection = sqlite3.connect(out / LOCK, timeout=0, isolation_level=None)
    except sqlite3.Error as error:
        raise _refused(out, error) from error
    with closing(connection):
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            raise _refused(out, error) from error
        yield


def _refused(out: Path, error: sqlite3.Error) -> DistiliqaError:
    if "locked" in str(error):
        return DistiliqaError(
            "another monitor writes here", path=out, remedy="stop it, or give another --out"
        )
    return DistiliqaError(
        f"cannot be written ({error})", path=out, remedy="choose a folder you may write to"
    )
