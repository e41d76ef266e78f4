"""Files to read, on disk or packed in another file."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from pathlib import Path, PurePath
from threading import RLock
from typing import IO

from distiliqa.errors import CTReadError, NotCTError
from distiliqa.files import open_regular

_BLOCK_BYTES = 1 << 20

_headers_only = ContextVar("headers_only", default=False)
_unpacking = RLock()  # a compressed member of an archive unpacks twice


@dataclass(frozen=True, slots=True)
class Source:
    """Bytes with a name.

    Attributes
    ----------
    name : the path in results and errors; ``archive.zip/member`` for a member of an archive. It is
        unique in an index.
    open : gives a new binary stream from the start.
    file : the path on disk; None where the bytes are packed in another file, or not as there.
    holder : the file on disk that holds the bytes, itself or an archive; None for none.
    filename : the name of the file itself, where ``name`` ends in another way.
    begin : gives a stream for the first bytes alone, which is not unpacked whole.
    size : bytes, where an archive states them; None for others.
    """

    name: str
    open: Callable[[], IO[bytes]] = field(repr=False, compare=False)
    file: Path | None = None
    holder: Path | None = None
    filename: str | None = None
    begin: Callable[[], IO[bytes]] | None = field(default=None, repr=False, compare=False)
    size: int | None = None

    @classmethod
    def on_disk(cls, path: Path) -> Source:
        """The file at ``path``."""
        return cls(str(path), partial(open_regular, path), path, path)

    @classmethod
    def packed(
        cls,
        name: str,
        stream: Callable[[], IO[bytes]],
        max_bytes: int,
        *,
        filename: str,
        holder: Path | None = None,
        is_bounded: bool = False,
    ) -> Source:
        """A file inside another. While its pixels are read it is held in memory and checked.

        Parameters
        ----------
        stream : gives a new stream that unpacks as it is read.
        max_bytes : the largest size after unpacking; `CTReadError` beyond it.
        filename, holder : as in `Source`.
        is_bounded : the stream itself ends at ``max_bytes``, so that headers may be read from it.
        """
        read = partial(_unpacked, name, stream, max_bytes)
        opened = partial(_open_kept, read, stream if is_bounded else None)
        size = max_bytes if is_bounded else None
        return cls(name, opened, holder=holder, filename=filename, begin=stream, size=size)

    @property
    def start(self) -> Source:
        """The same file for reading its first bytes alone."""
        return self if self.begin is None else Source(self.name, self.begin)

    def read(self) -> bytes:
        """All of its bytes."""
        with self.open() as stream:
            return stream.read()

    def holding(self, content: bytes) -> Source:
        """The same file, read from ``content`` in memory."""
        return replace(self, open=partial(io.BytesIO, content))

    def size_of(self, stream: IO[bytes]) -> int:
        """Its size, bytes; a member of an archive is not unpacked. ``stream`` is it, opened."""
        if self.size is not None:
            return self.size
        place = stream.tell()
        size = stream.seek(0, io.SEEK_END)
        stream.seek(place)
        return size

    def on_disk_path(self) -> Path:
        """The path on disk, for libraries that need one. Raises `NotCTError` on a packed file."""
        if self.file is None:
            raise NotCTError(
                f"{self.suffix} is not read inside an archive or a .gz",
                path=self.name,
                remedy="unpack it",
            )
        return self.file

    @property
    def suffix(self) -> str:
        """The extension in lower case; both extensions of a compressed file (``.nii.gz``)."""
        named = PurePath(self.filename or self.name)
        suffixes = [suffix.lower() for suffix in named.suffixes[-2:]]
        return "".join(suffixes) if suffixes[-1:] == [".gz"] else "".join(suffixes[-1:])

    @property
    def folder(self) -> str:
        """The folder that holds it, on disk or in the archive."""
        return str(PurePath(self.name).parent)


@contextmanager
def headers_only() -> Iterator[None]:
    """Unpack no more of a member of an archive than is read; its end is then not checked."""
    before = _headers_only.set(True)
    try:
        yield
    finally:
        _headers_only.reset(before)


def _open_kept(
    read: Callable[[], bytes], stream: Callable[[], IO[bytes]] | None = None
) -> IO[bytes]:
    """Open the bytes that ``read`` gives. One thread unpacks, the others wait for its result."""
    if stream is not None and _headers_only.get():
        return stream()
    with _unpacking:
        return io.BytesIO(_kept(read))


# Two: threads that load in reading order overlap where one member ends and the next begins.
@lru_cache(maxsize=2)
def _kept(read: Callable[[], bytes]) -> bytes:
    return read()


def _unpacked(name: str, stream: Callable[[], IO[bytes]], max_bytes: int) -> bytes:
    content, size = io.BytesIO(), 0
    try:
        with stream() as packed:
            while size <= max_bytes and (block := packed.read(_BLOCK_BYTES)):
                size += content.write(block)
    except Exception as error:  # zipfile, gzip and zlib raise many kinds on damaged files
        raise CTReadError(
            f"cannot be unpacked ({str(error) or type(error).__name__})",
            path=name,
            remedy="the file is cut short or damaged: copy or export it again",
        ) from error
    if size > max_bytes:
        raise CTReadError(
            f"unpacks to more than {max_bytes >> 20} MiB, which looks like a bomb",
            path=name,
            remedy="unpack it yourself if you trust it",
        )
    return content.getvalue()
