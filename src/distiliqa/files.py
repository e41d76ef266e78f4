"""Files on disk: written whole or not at all, and opened only if ordinary.

A pipe blocks its reader, and a device may do so or never end: only ordinary files are opened.
"""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from distiliqa.errors import DistiliqaError
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
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}
# The kernel generates these files: some block, some never end, some act when they are read.
_GENERATED = ("/proc/", "/sys/")


def cannot_write(path: Path, error: OSError) -> DistiliqaError:
    """The error for a path that cannot be written, with the remedy for its cause."""
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
    """Create a folder that only its owner may read. Raises as `make_folder`."""
    make_folder(path)
    try:
        path.chmod(0o700)
    except OSError as error:
        raise cannot_write(path, error) from error
    return path


def private_if_new(path: Path) -> Path:
    """Create a folder that only its owner may read; one that is there keeps its permissions.

    For a folder that a user names: others may work in it. Raises as `make_folder`.
    """
    return path if os.path.isdir(path) else private_folder(path)


@contextmanager
def atomic_path(path: Path, mode: int = 0o666) -> Iterator[Path]:
    """Yield a temporary path beside ``path``; on success it replaces ``path``, else it is removed.

    ``mode`` are its permissions, less those that the umask takes. A later process removes what a
    killed one left, see `distiliqa.scratch`.

    Raises `DistiliqaError` on a full disk or a folder that cannot be written.
    """
    make_folder(path.parent)
    partial = scratch_path(path.parent)
    try:
        # Files of tempfile are private: this one gets the usual permissions of a new file.
        partial.touch(mode, exist_ok=False)
        mode = partial.stat().st_mode
    except OSError as error:
        raise cannot_write(path, error) from error
    try:
        yield partial
        partial.chmod(mode)  # safetensors replaces it by a private file
        partial.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        partial.unlink(missing_ok=True)


def write_text(path: Path, text: str, mode: int = 0o666) -> None:
    r"""Write ``text`` as UTF-8, atomically; ``mode`` as in `atomic_path`.

    A byte of a file name that is not UTF-8 becomes ``\udcXX``, which JSON reads back as it was.
    """
    with atomic_path(path, mode) as partial:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace")


def write_json(path: Path, content: Any) -> None:
    """Write ``content`` as indented JSON, atomically. Raises `ValueError` on nan and infinity."""
    write_text(path, json_text(content))


def json_text(content: Any) -> str:
    """Indented JSON with a line end. Raises `ValueError` on nan and infinity."""
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def json_sha256(content: Any) -> str:
    """SHA-256 of ``content`` as JSON with sorted keys, in hexadecimal."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write_csv(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    """Write rows as CSV below a line of column names, atomically; None is an empty field."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def write_durably(path: Path, content: bytes) -> None:
    """Write a file that survives a power failure.

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
    """Flush the content of a file to the disk. Raises `DistiliqaError` on a full disk."""
    try:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise cannot_write(path, error) from error


def sync_folder(path: Path) -> None:
    """Flush the names of the files in a folder to the disk."""
    if os.name != "posix":  # Windows cannot open folders, and need not
        return
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sync_tree(folder: Path) -> None:
    """Flush a folder and all that is in it to the disk. Raises as `sync_file`.

    Before a rename: after a power failure a new name may be there without the content.
    """
    for path, _, names in os.walk(folder, topdown=False):
        for name in names:
            sync_file(Path(path, name))
        sync_folder(Path(path))


def why_not_regular(path: str | PathLike[str]) -> str | None:
    """Reason not to open a path as a file; None for an ordinary file. Links are followed.

    Raises
    ------
    OSError : nothing is there.
    """
    found = os.stat(path)
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        return f"{_KINDS.get(kind, 'something else')}, not a file"
    # Generated files take no room on a disk; to follow all links of all files would be slower.
    if not getattr(found, "st_blocks", 0) and is_generated(os.path.realpath(path)):
        return "generated by the system, not a file on a disk"
    return None


def is_generated(real: str) -> bool:
    """Whether a path without links leads to files that the kernel generates."""
    return f"{real}/".startswith(_GENERATED)


def check_regular(path: str | PathLike[str]) -> None:
    """Raise `DistiliqaError` unless a file is ordinary, `OSError` if there is none."""
    if (reason := why_not_regular(path)) is not None:
        raise DistiliqaError(reason, path=path, remedy="give an ordinary file")


def open_regular(path: str | PathLike[str]) -> BinaryIO:
    """Open an ordinary file to read its bytes. Raises as `check_regular`."""
    check_regular(path)
    return open(path, "rb", opener=_open_at_once)


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting, in case a pipe has replaced the file meanwhile."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


class FileStamp(NamedTuple):
    """What changes when files are written.

    Attributes
    ----------
    size : bytes of all of them.
    modified_ns : time of the last change, ns since 1970.
    """

    size: int
    modified_ns: int


def file_stamp(*paths: Path) -> FileStamp | None:
    """The stamp of files that belong together; None where one of them is not there, or for none."""
    try:
        found = [path.stat() for path in paths]
    except OSError:
        return None
    if not found:
        return None
    return FileStamp(sum(f.st_size for f in found), max(f.st_mtime_ns for f in found))


def sha256(*paths: Path) -> str:
    """SHA-256 of the bytes of files, one after the other, in hexadecimal.

    Raises as `open_regular`.
    """
    digest = hashlib.sha256()
    for path in paths:
        with open_regular(path) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
