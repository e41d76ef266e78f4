"""Files packed in another file: members of archives, gzip files, and the limits of unpacking."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import IO, Any, NamedTuple, cast

from distiliqa.ct.source import Source
from distiliqa.ct.volumes.coding import GZIP_MAGIC
from distiliqa.errors import CTReadError

# A member is held in memory while it is decoded. Enhanced CT of 4000 frames is 2 GiB.
MAX_MEMBER_BYTES = 2 << 30

# Deflate reaches 1032 : 1. CT with its noise gives about 3 : 1, a blank image some 500 : 1. So a
# high ratio alone does not condemn a file: it must also become large.
MAX_RATIO = 100
RATIO_COUNTS_FROM_BYTES = 256 << 20

# A long whole-body study has some 10,000 images.
MAX_MEMBERS = 200_000

_OTHERS = (".nii.gz", ".tar.gz")  # their readers inflate them themselves


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive.

    Attributes
    ----------
    name : as in the archive. It may be absolute, lead out of the archive, or occur twice.
    size : bytes after unpacking, as the archive states them.
    open : gives a new stream that unpacks as it is read.
    refused : why it is not read; None if it is. `NotCTError` for links and the like.
    """

    name: str
    size: int
    open: Callable[[], IO[bytes]]
    refused: CTReadError | None = None


class Listing(NamedTuple):
    """The members of an archive without folders; ``damage`` is why some may be missing."""

    members: list[Member]
    damage: str | None = None


def max_unpacked(packed_bytes: int) -> int:
    """The largest size, bytes, that a compressed file of ``packed_bytes`` may unpack to."""
    return max(RATIO_COUNTS_FROM_BYTES, MAX_RATIO * packed_bytes)


def without_gzip(source: Source) -> Source:
    """The file inside a gzip file such as ``slice.dcm.gz``; ``source`` itself if it is none.

    Extension or first bytes decide. A file that cannot be opened is passed on to its reader, which
    reports it.
    """
    start, size = b"", 0
    with suppress(OSError), source.start.open() as stream:
        start = stream.read(len(GZIP_MAGIC))
    if source.suffix in _OTHERS or not (start == GZIP_MAGIC or source.suffix.endswith(".gz")):
        return source
    with suppress(OSError), source.open() as stream:
        size = stream.seek(0, os.SEEK_END)
    named = source.filename or source.name
    return Source.packed(
        source.name,
        partial(_inflating, source),
        min(MAX_MEMBER_BYTES, max_unpacked(size)),
        filename=named[: -len(".gz")] if named.lower().endswith(".gz") else named,
        holder=source.holder,
    )


def _inflating(source: Source) -> IO[bytes]:
    file = gzip.GzipFile(fileobj=source.open())
    file.myfileobj = cast(Any, file.fileobj)  # it then closes this file with itself
    return cast(IO[bytes], file)
