"""Zips: their members by the directory at their end (PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5).

Python takes a directory for whole that ends early and checks no member's bytes before their end.
The number of members that the end of the zip states, and the CRC of each, are at hand.
"""

from __future__ import annotations

import struct
import zipfile
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from distiliqa.ct.containers.packed import Listing, Member
from distiliqa.errors import CTReadError
from distiliqa.files import FileStamp, file_stamp, open_regular

_ENCRYPTED = 0x1
_MAX_END_BYTES = 22 + 20 + 56 + 0xFFFF  # the end, its 64-bit kin, and the longest comment


def list_zip(path: Path) -> Listing:
    """The members of a zip by its directory; nothing is decompressed.

    Python stops to read a member at its declared size, so a false one gains nothing.

    Raises
    ------
    CTReadError : the directory is damaged.
    """
    try:
        archive = _Zip(path)
        stated = _stated_count(path)
    except Exception as error:  # a newer kind of zip or a damaged name raises one of its own
        raise CTReadError(
            f"not readable as a zip ({error})", path=path, remedy="copy or export it again"
        ) from error
    found = archive.infolist()
    members = [_member(archive, info) for info in found if info.file_size or not info.is_dir()]
    if stated in (len(found), len(found) % 0x10000):
        return Listing(members)
    return Listing(members, f"its directory lists {len(found)} members, its end says {stated}")


class _Zip(zipfile.ZipFile):
    """A zip that another process opens by its path, once for all members that it is given."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened_once, (self._path, file_stamp(self._path))


@lru_cache(maxsize=4)
def _opened_once(path: Path, stamp: FileStamp | None) -> _Zip:
    return _Zip(path)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Member:
    refused = None
    if info.flag_bits & _ENCRYPTED:
        refused = CTReadError("encrypted", remedy="unpack it and give the folder")
    return Member(info.filename, info.file_size, partial(archive.open, info), refused)


def _stated_count(path: Path) -> int:
    """The number of members by the end record (4.3.16), or by that of zip64 (4.3.14)."""
    with open_regular(path) as file:
        file.seek(max(path.stat().st_size - _MAX_END_BYTES, 0))
        tail = file.read()
    end = tail.rindex(b"PK\x05\x06")
    if tail[end - 20 : end].startswith(b"PK\x06\x07") and tail[end - 76 :].startswith(
        b"PK\x06\x06"
    ):
        return int(struct.unpack_from("<Q", tail, end - 76 + 32)[0])
    return int(struct.unpack_from("<H", tail, end + 10)[0])
