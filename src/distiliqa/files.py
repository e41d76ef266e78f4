"""Files on disk: written whole or not at all, and named by their SHA-256."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from distiliqa.errors import DistiliqaError
from distiliqa.regular_file import open_regular
from distiliqa.scratch import scratch_path

_REMEDIES = {
    errno.ENOSPC: "free some space or choose another output folder",
    errno.EDQUOT: "free some space or choose another output folder",
    errno.EACCES: "choose an output folder you may write to",
    errno.EPERM: "choose an output folder you may write to",
    errno.EROFS: "choose an output folder you may write to",
    errno.ENOTDIR: "choose an output folder whose parents are folders",
    errno.EEXIST: "choose an output folder that is not a file",
}


def cannot_write(path: Path, error: OSError) -> DistiliqaError:
    """The error to raise when ``path`` could not be written, with the remedy for its cause."""
    remedy = _REMEDIES.get(error.errno or 0, "choose another output folder")
    return DistiliqaError(f"cannot be written ({error.strerror})", path=path, remedy=remedy)


def make_folder(path: Path) -> Path:
    """Create ``path`` and its parents. Raises `DistiliqaError` where that is not allowed."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


def private_folder(path: Path) -> Path:
    """Create ``path``, which its owner alone may look into. Raises as `make_folder`."""
    make_folder(path)
    try:
        path.chmod(0o700)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it replaces ``path``, else it is removed.

    What a killed process left is removed by a later one, see `distiliqa.scratch`.

    Raises `DistiliqaError` on a full disk or a folder that cannot be written.
    """
    make_folder(path.parent)
    partial = scratch_path(path.parent)
    try:
        # Not by tempfile, whose files are private: the system lets others read it as any new file.
        partial.touch(exist_ok=False)
        mode = partial.stat().st_mode
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        yield partial
        partial.chmod(mode)  # safetensors puts a private file of its own in the place
        partial.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    r"""Write ``text`` as UTF-8, atomically.

    A byte of a file name that is not UTF-8 becomes ``\udcXX``, which JSON reads back as it was.
    """
    with atomic_path(path) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` as indented JSON, atomically. Raises `ValueError` on nan and infinity."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def write_durably(path: Path, content: bytes) -> None:
    """Write a file that is still there, and whole, after the power fails.

    Raises
    ------
    DistiliqaError : the disk is full or the folder cannot be written.
    """
    with atomic_path(path) as partial, partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    sync_folder(path.parent)


def sync_file(path: Path) -> None:
    """Wait until the disk has the content of a file. Raises `DistiliqaError` where it is full."""
    try:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise cannot_write(path, error) from error


def sync_folder(path: Path) -> None:
    """Wait until the disk has the names of the files in a folder."""
    if os.name != "posix":  # Windows opens no folders, and needs no such thing
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal. Raises as `open_regular`."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
