"""One process of a kind to a folder."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder


@contextmanager
def only_one(folder: Path, what: str) -> Iterator[None]:
    """Hold ``folder`` as its only ``what``; the system lets go of it however the process ends.

    The lock is that of SQLite on an empty database, which works alike on all platforms.

    Parameters
    ----------
    what : the kind of process, such as ``"listener"``; it names the file of the lock.

    Raises
    ------
    DistiliqaError : another process holds the folder, or it cannot be written.
    """
    make_folder(folder)
    with closing(_held(folder, what)):
        yield


def _held(folder: Path, what: str) -> sqlite3.Connection:
    connection = None
    try:
        connection = sqlite3.connect(folder / f"{what}.lock", timeout=0, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        if connection is not None:
            connection.close()
        if "locked" in str(error):
            raise DistiliqaError(
                f"another {what} writes here", path=folder, remedy="stop it, or give another --out"
            ) from error
        raise DistiliqaError(
            f"cannot be written ({error})", path=folder, remedy="choose a folder you may write to"
        ) from error
    return connection
