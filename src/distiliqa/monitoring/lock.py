"""One monitor to an output folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder
from distiliqa.monitoring.database import in_words

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
    with closing(_held(out)):
        yield


def _held(out: Path) -> sqlite3.Connection:
    with in_words(out / LOCK):
        connection = sqlite3.connect(out / LOCK, timeout=0, isolation_level=None)
        try:
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            connection.close()
            if "locked" not in str(error):
                raise
            raise DistiliqaError(
                "another monitor writes here", path=out, remedy="stop it, or give another --out"
            ) from error
    return connection
