"""Single files that gzip has packed (RFC 1952), such as ``slice.dcm.gz``."""

from __future__ import annotations

import gzip
import os
from contextlib import suppress
from functools import partial
from typing import IO, Any, cast

from distiliqa.ct.containers.member import MAX_MEMBER_BYTES, max_unpacked
from distiliqa.ct.source import Source

GZIP = b"\x1f\x8b"
# Their readers inflate them themselves.
_OTHERS = (".nii.gz", ".tar.gz")


def without_gzip(source: Source) -> Source:
    """The file inside one that gzip has packed, by its name or bytes; else ``source`` itself.

    What cannot be opened is passed on to its reader, which reports it.
    """
    start, size = b"", 0
    with suppress(OSError), source.start.open() as stream:
        start = stream.read(len(GZIP))
    if source.suffix in _OTHERS or not (start == GZIP or source.suffix.endswith(".gz")):
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
    file.myfileobj = cast(Any, file.fileobj)  # which it closes with itself
    return cast(IO[bytes], file)
