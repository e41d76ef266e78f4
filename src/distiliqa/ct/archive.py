"""Zips of DICOM or TIFF, read in memory; nothing is unpacked to disk."""

from __future__ import annotations

import re
import zipfile
from functools import partial
from pathlib import Path, PurePosixPath

from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError

# A member is held in memory while it is decoded. Enhanced CT of 4000 frames is 2 GiB.
LARGEST_MEMBER_BYTES = 2 << 30

# Deflate reaches 1032 : 1. CT with its noise gives about 3 : 1, a blank image some 500 : 1, so a
# ratio condemns a zip only when it would also grow large.
LARGEST_RATIO = 100
RATIO_COUNTS_FROM_BYTES = 256 << 20

# A long whole-body study has some 10,000 images.
MOST_MEMBERS = 200_000


def open_archive(path: Path) -> list[Source]:
    """The members of a zip, checked by its directory before a byte is decompressed.

    Hidden members (``.DS_Store``, ``__MACOSX``) are left out.

    Raises
    ------
    CTReadError : on a damaged or encrypted zip, on member names that point outside of it, and on
        declared sizes beyond the limits above. Python stops reading a member at its declared
        size, so a false declaration gains nothing.
    """
    try:
        archive = zipfile.ZipFile(path)
    except Exception as error:  # a newer kind of zip or a damaged name raises one of its own
        raise CTReadError(
            f"not readable as a zip ({error})", path=path, remedy="copy or export it again"
        ) from error
    members = [member for member in archive.infolist() if not member.is_dir()]
    for member in members:
        _check_member(member, path)
    _check_sizes(members, path)
    return [
        Source(f"{path}/{member.filename}", partial(archive.open, member))
        for member in members
        if not _is_hidden(member.filename)
    ]


def _check_member(member: zipfile.ZipInfo, path: Path) -> None:
    name = member.filename.replace("\\", "/")
    if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in PurePosixPath(name).parts:
        raise CTReadError(
            f"the zip has a member that points outside of it ({member.filename})",
            path=path,
            remedy="do not trust this file; make the zip again",
        )
    if member.flag_bits & 0x1:
        raise CTReadError("the zip is encrypted", path=path, remedy="unpack it and give the folder")


def _check_sizes(members: list[zipfile.ZipInfo], path: Path) -> None:
    largest = max((member.file_size for member in members), default=0)
    total = sum(member.file_size for member in members)
    ratio = total / path.stat().st_size
    # Measured against the whole file, which also catches members that overlap in it.
    is_bomb = total > RATIO_COUNTS_FROM_BYTES and ratio > LARGEST_RATIO
    if is_bomb or largest > LARGEST_MEMBER_BYTES or len(members) > MOST_MEMBERS:
        raise CTReadError(
            f"the zip would unpack to {total / 1e9:.3g} GB ({ratio:.0f} times its size) "
            f"in {len(members)} files, which looks like a zip bomb",
            path=path,
            remedy="unpack it yourself if you trust it, and give the folder",
        )


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
