"""Zip archives by the directory at their end (PKWARE APPNOTE 6.3.10, sections 4.3 to 4.5).

Python accepts a directory that ends early. So its members are counted, and the count is compared
with the one that the end of the zip states.
"""

from __future__ import annotations

import struct
import zipfile
from functools import lru_cache, partial
from pathlib import Path
from typing import IO, Any, cast

from distiliqa.ct.containers.packed import Listing, Member
from distiliqa.errors import CTReadError
from distiliqa.files import FileStamp, file_stamp, open_regular

_ENCRYPTED = 0x1
_MAX_END_BYTES = 22 + 20 + 56 + 0xFFFF  # the end, that of zip64, and the longest comment


def list_zip(path: Path) -> Listing:
    """List the members of a zip by its directory; nothing is decompressed.

    Python reads no more of a member than its declared size.

    Raises
    ------
    CTReadError : the directory is damaged.
    """
    try:
        archive = _Zip(path)
        stated = _stated_count(path)
    except Exception as error:  # newer kinds of zip and damaged names raise other kinds
        raise CTReadError(
            f"not readable as a zip ({error})", path=path, remedy="copy or export it again"
        ) from error
    found = archive.infolist()
    members = [_member(archive, info) for info in found if info.file_size or not info.is_dir()]
    if stated in (len(found), len(found) % 0x10000):
        return Listing(members)
    return Listing(members, f"its directory lists {len(found)} members, its end states {stated}")


class _Zip(zipfile.ZipFile):
    """A zip that another process opens by its path, once for all its members."""

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
    return Member(info.filename, info.file_size, partial(_opened, archive, info), refused)


def _opened(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> IO[bytes]:
    """Open a member. Its name, which may be that of a patient, is in no error of Python's."""
    try:
        stream = archive.open(info)
    except zipfile.BadZipFile as error:
        raise zipfile.BadZipFile("the directory and the member disagree") from error
    cast(zipfile.ZipExtFile, stream).name = "member"  # errors on its bytes quote it
    return stream


def _stated_count(path: Path) -> int:
    """The number of members in the end record (4.3.16), or in that of zip64 (4.3.14)."""
    with open_regular(path) as file:
        file.seek(max(path.stat().st_size - _MAX_END_BYTES, 0))
        tail = file.read()
    end = tail.rindex(b"PK\x05\x06")
    if tail[end - 20 : end].startswith(b"PK\x06\x07") and tail[end - 76 :].startswith(
        b"PK\x06\x06"
    ):
        return int(struct.unpack_from("<Q", tail, end - 76 + 32)[0])
    return int(struct.unpack_from("<H", tail, end + 10)[0])
