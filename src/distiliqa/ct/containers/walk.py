"""Folders: the files under one, in natural order of their names."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from distiliqa.ct.listing import CTIndex, Problem
from distiliqa.ct.source import Source
from distiliqa.files import is_generated, why_not_regular

BROKEN_LINK, MEND_LINK = "a link to what is not there", "mount or copy what it leads to"
_OF_LINKS = (errno.ENOENT, errno.ELOOP)


def walk(folder: Path) -> tuple[list[Source], CTIndex]:
    """List the files under a folder in the order of their names, without hidden ones.

    Returns
    -------
    The files, and an index of no slices. Its ``failed`` are files and folders that cannot be
    opened. Its ``left_out`` are pipes, devices and the like, which are never opened.
    """
    sources: list[Source] = []
    failed, left_out = list[Problem](), list[Problem]()
    visited: set[str] = set()

    def note(error: OSError) -> None:
        failed.append(_unreadable(error))

    for place, folders, files in os.walk(folder, onerror=note, followlinks=True):
        if (real := os.path.realpath(place)) in visited:  # a link that leads back
            folders.clear()
            continue
        visited.add(real)
        if is_generated(real):
            left_out.append(Problem(place, "a folder that the system generates"))
            folders.clear()
            continue
        folders[:] = _shown(folders)
        for path in (Path(place, name) for name in _shown(files)):
            try:
                reason = _why_not_plain(path)
            except OSError as error:
                note(error)
                continue
            if reason is None:
                sources.append(Source.on_disk(path))
            else:
                left_out.append(Problem(str(path), reason))
    return sources, CTIndex(failed=tuple(failed), left_out=tuple(left_out))


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sort key that puts ``slice2`` before ``slice10``."""
    parts = re.split(r"([0-9]+)", name)
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]


def _shown(names: list[str]) -> Iterator[str]:
    """Names in natural order, without hidden ones."""
    return iter(sorted((name for name in names if name[0] != "."), key=natural_key))


def _why_not_plain(path: Path) -> str | None:
    """Reason not to open a path; None for an ordinary file. Raises `OSError` on a broken link."""
    return None if stat.S_ISREG(path.lstat().st_mode) else why_not_regular(path)


def _unreadable(error: OSError) -> Problem:
    place = str(error.filename)
    if os.path.islink(place) and error.errno in _OF_LINKS:
        return Problem(place, f"{BROKEN_LINK}; {MEND_LINK}")
    return Problem(place, f"cannot be opened ({error.strerror}); check its permissions")
