"""A folder that one process alone writes to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import cannot_write, make_folder


@contextmanager
def only_one(folder: Path, what: str) -> Iterator[None]:
    """Hold ``folder`` as its only ``what``; the system releases it however the process ends.

    Parameters
    ----------
    what : str
        Kind of process, such as ``"listener"``; it names the file of the lock.

    Raises
    ------
    DistiliqaError
        Another process holds the folder, or it cannot be written.
    """
    from filelock import FileLock, Timeout  # imports asyncio, which is slow

    lock = FileLock(make_folder(folder) / f"{what}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise DistiliqaError(
            f"another {what} writes here", path=folder, remedy="stop it, or choose another folder"
        ) from error
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        yield
    finally:
        lock.release()
