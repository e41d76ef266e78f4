"""Only ordinary files are opened: a pipe waits for ever, a device may do so or give without end."""

from __future__ import annotations

import os
import stat
from os import PathLike
from typing import BinaryIO

from distiliqa.errors import DistiliqaError

_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFDIR: "a folder",
}
# Linux makes up what is read there: some files wait, some never end, some act when they are read.
_MADE_UP = ("/proc/", "/sys/")


def why_not_regular(path: str | PathLike[str]) -> str | None:
    """Why a path is not to be opened as a file; None if it is an ordinary one.

    Links are followed.

    Raises
    ------
    OSError : nothing is there.
    """
    found = os.stat(path)
    kind = stat.S_IFMT(found.st_mode)
    if kind != stat.S_IFREG:
        return f"{_KINDS.get(kind, 'something else')}, not a file"
    # What is made up takes no room on a disk; to follow all links of each file would take longer.
    if not getattr(found, "st_blocks", 0) and is_made_up(os.path.realpath(path)):
        return "made up by the system, not a file on a disk"
    return None


def is_made_up(real: str) -> bool:
    """Whether a path without links leads to what the system makes up."""
    return f"{real}/".startswith(_MADE_UP)


def check_regular(path: str | PathLike[str]) -> None:
    """Raise `DistiliqaError` on what is there and is no ordinary file, `OSError` on nothing."""
    if (reason := why_not_regular(path)) is not None:
        raise DistiliqaError(reason, path=path, remedy="give an ordinary file")


def open_regular(path: str | PathLike[str]) -> BinaryIO:
    """Open an ordinary file to read its bytes. Raises as `check_regular`."""
    check_regular(path)
    return open(path, "rb", opener=_open_at_once)


def _open_at_once(path: str, flags: int) -> int:
    """Open without waiting, should a pipe have taken the place of the file meanwhile."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))
