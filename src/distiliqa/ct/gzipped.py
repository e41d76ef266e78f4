"""Single files that gzip has packed (RFC 1952), such as ``slice.dcm.gz``."""

from __future__ import annotations

import gzip
import os
from functools import partial
from typing import IO, cast

from distiliqa.ct.member import MAX_MEMBER_BYTES, max_unpacked
from distiliqa.ct.source import Source

# Their readers inflate them themselves.
_OTHERS = (".nii.gz", ".tar.gz")


def without_gzip(source: Source) -> Source:
    """The file inside a ``.gz``; ``source`` itself where it is none."""
    if not source.suffix.endswith(".gz") or source.suffix in _OTHERS:
        return source
    with source.open() as stream:
        size = stream.seek(0, os.SEEK_END)
    return Source.packed(
        source.name,
        partial(_inflating, source),
        min(MAX_MEMBER_BYTES, max_unpacked(size)),
        filename=(source.filename or source.name)[: -len(".gz")],
    )


def _inflating(source: Source) -> IO[bytes]:
    return cast(IO[bytes], gzip.GzipFile(fileobj=source.open()))
