"""Tar archives, plain or gzipped (POSIX.1-2017, pax; section "ustar Interchange Format").

Headers are between the members. A gzipped tar is inflated once, into a temporary file without a
name. The system removes it however the process ends.
"""

from __future__ import annotations

import gzip
import io
import os
import tarfile
import zlib
from functools import lru_cache, partial
from pathlib import Path
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO, Any, cast

from distiliqa.ct.containers.packed import MAX_MEMBERS, Listing, Member, max_unpacked
from distiliqa.ct.volumes.coding import GZIP_MAGIC
from distiliqa.errors import CTReadError, NotCTError
from distiliqa.files import FileStamp, file_stamp, open_regular

_BLOCK_BYTES = 1 << 20
_IN_MEMORY_BYTES = 64 << 20
_MAX_HEADER_BYTES = 1 << 20  # a pax header with a long name has some 500
_SHORT = (EOFError, zlib.error, gzip.BadGzipFile)


def list_tar(path: Path) -> Listing:
    """List the members of a tar by their headers, in order.

    Raises
    ------
    CTReadError : it is no tar, or inflates to more than `max_unpacked`.
    """
    file, damage = _plain(path)
    try:
        tar: Any = tarfile.open(fileobj=cast(IO[bytes], _Headers(file)), mode="r:")  # noqa: SIM115
    except Exception as error:  # damaged headers raise many kinds
        raise CTReadError(
            f"not readable as a tar ({damage or error})",
            path=path,
            remedy="copy or export it again",
        ) from error
    members, whole = list[Member](), _Whole(path, file)
    for _ in range(MAX_MEMBERS + 1):
        try:
            info = tar.next()
        except Exception as error:
            return Listing(members, damage or f"a header is damaged ({error})")
        if info is None:
            return Listing(members, damage or _wrong_end(file, tar.offset))
        if info.size < 0:  # it would lead back to the same header
            return Listing(members, damage or "a header is damaged (a negative size)")
        tar.members.clear()  # it keeps all members
        if not info.isdir():
            members.append(_member(info, whole))
    return Listing(members, f"only the first {MAX_MEMBERS} headers are read")


def _plain(path: Path) -> tuple[IO[bytes], str | None]:
    """Open the tar without its compression; the second value is the damage, None for none."""
    with open_regular(path) as file:
        is_gzip = file.read(2) == GZIP_MAGIC
    if not is_gzip:
        return open_regular(path), None
    plain: Any = SpooledTemporaryFile(_IN_MEMORY_BYTES)  # noqa: SIM115
    limit, size = max_unpacked(path.stat().st_size), 0
    try:
        with gzip.open(path) as packed:
            while block := packed.read1(_BLOCK_BYTES):  # gives the bytes before damage
                size += plain.write(block)
                if size > limit:
                    raise CTReadError(
                        f"inflates to more than {limit >> 20} MiB, which looks like a bomb",
                        path=path,
                        remedy="unpack it yourself if you trust it, and give the folder",
                    )
    except _SHORT as error:  # the bytes before it hold members
        return plain, f"cut short or damaged ({error})"
    except OSError as error:
        raise CTReadError(
            f"cannot be unpacked into the temporary folder ({error.strerror})",
            path=path,
            remedy="free some space there, or unpack it yourself and give the folder",
        ) from error
    return plain, None


class _Whole:
    """A tar for the readers of its members; another process opens it by its path."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path, self.file, self.lock = path, file, Lock()
        with self.lock:
            at = file.tell()
            file.seek(0, os.SEEK_END)
            self.length = file.tell()
            file.seek(at)

    def __reduce__(self) -> tuple[Any, ...]:
        return _opened_once, (self.path, file_stamp(self.path))


@lru_cache(maxsize=2)
def _opened_once(path: Path, stamp: FileStamp | None) -> _Whole:
    return _Whole(path, _plain(path)[0])


def _member(info: tarfile.TarInfo, whole: _Whole) -> Member:
    refused: CTReadError | None = None
    if not info.isreg():
        kind = "a link" if info.issym() or info.islnk() else "a device, a pipe or the like"
        refused = NotCTError(f"{kind}, not a file")
    elif info.issparse():
        refused = CTReadError("a sparse file", remedy="unpack the tar and give the folder")
    elif info.offset_data + info.size > whole.length:
        refused = CTReadError("cut short", remedy="copy or export the tar again")
    size = info.size if refused is None else 0
    read = partial(_Part, info.name, whole, info.offset_data, size)
    return Member(info.name, size, partial(_buffered, read), refused)


def _wrong_end(file: IO[bytes], offset: int) -> str | None:
    """Damage at the end of the headers: Python takes a damaged header for the end."""
    file.seek(offset)
    block = file.read(tarfile.BLOCKSIZE)
    if len(block) == tarfile.BLOCKSIZE and not any(block):
        return None
    return "a header is damaged" if block else "cut short: it has no end mark"


class _Headers:
    """A tar for the reader of its headers: no header may fill the memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.seek, self.tell = file.seek, file.tell
        file.seek(0)

    def read(self, size: int) -> bytes:
        if size > _MAX_HEADER_BYTES:
            raise tarfile.ReadError(f"a header of {size} bytes")
        return self._file.read(size)


class _Part(io.RawIOBase):
    """The bytes of one member. Threads may read several members at the same time."""

    def __init__(self, name: str, whole: _Whole, start: int, size: int) -> None:
        self.name = name  # pydicom reads it
        self._whole = whole
        self._start, self._at, self._end = start, start, start + size

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: self._start, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = min(max(base + offset, self._start), self._end)
        return self._at - self._start

    def readinto(self, buffer: Any) -> int:
        wanted = min(len(buffer), self._end - self._at)
        with self._whole.lock:
            self._whole.file.seek(self._at)
            found = self._whole.file.read(wanted)
        if wanted and not found:
            raise EOFError("the tar was cut short meanwhile")
        buffer[: len(found)] = found
        self._at += len(found)
        return len(found)


def _buffered(part: Any) -> IO[bytes]:
    return io.BufferedReader(part())
