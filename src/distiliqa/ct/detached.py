"""Headers whose pixels lie in a file of their own: MHD and detached NRRD."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

from distiliqa.errors import CTReadError

_LONGEST_HEADER = 1 << 16
_NAMED = {
    ".mhd": re.compile(rb"^ElementDataFile[ \t]*=[ \t]*(\S[^\0\r\n]*?)\s*$", re.M),
    ".nhdr": re.compile(rb"^data ?file:[ \t]*(\S[^\0\r\n]*?)\s*$", re.M | re.I),
}


def data_file(path: Path) -> Path | None:
    """The file that holds the pixels of a header; None where the file holds them itself.

    Raises
    ------
    OSError : the header cannot be read.
    CTReadError : the pixels lie in several files.
    """
    pattern = _NAMED.get(path.suffix.lower())
    if pattern is None:
        return None
    with path.open("rb") as file:
        found = pattern.search(file.read(_LONGEST_HEADER))
    name = "LOCAL" if found is None else os.fsdecode(found[1])
    if name.split()[0] == "LIST" or "%" in name:
        raise CTReadError(
            "its pixels lie in several files", path=path, remedy="convert it to one, such as .mha"
        )
    return None if name.upper() == "LOCAL" else path.parent / name


def size_and_time(path: Path) -> tuple[int, int]:
    """What changes when a file, or the one of its pixels, is written: bytes, and ns since 1970.

    Raises `OSError` where the file itself is not there.
    """
    parts = [path.stat()]
    with suppress(OSError, CTReadError):  # whoever reads the pixels tells
        if (data := data_file(path)) is not None:
            parts.append(data.stat())
    return sum(part.st_size for part in parts), max(part.st_mtime_ns for part in parts)
