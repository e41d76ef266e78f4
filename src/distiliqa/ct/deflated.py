"""Deflated DICOM (PS3.5, A.5): the whole data set is one compressed stream."""

from __future__ import annotations

import zlib
from typing import IO

from pydicom.uid import DeflatedExplicitVRLittleEndian

from distiliqa.errors import CTReadError

# 1000 slices of 512 x 512. Deflate reaches 1032 : 1, so that a small file could fill the memory.
LARGEST_BYTES = 1 << 29

_BLOCK_BYTES = 1 << 16
_META_LENGTH = slice(140, 144)  # value of (0002,0000): bytes of the meta header that follow it


def check_inflated_size(stream: IO[bytes], path: str) -> None:
    """Raise `CTReadError` on a deflated file that would inflate to more than 512 MiB.

    ``stream`` is read from the start, and is at the start again afterwards.
    """
    start = stream.read(1024)
    if DeflatedExplicitVRLittleEndian.encode() in start:
        stream.seek(_META_LENGTH.stop + int.from_bytes(start[_META_LENGTH], "little"))
        inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
        while block := stream.read(_BLOCK_BYTES):
            size += len(inflater.decompress(block))
            if size > LARGEST_BYTES:
                raise CTReadError(
                    f"inflates to more than {LARGEST_BYTES >> 20} MiB, which looks like a bomb",
                    path=path,
                    remedy="export it uncompressed if you trust it",
                )
    stream.seek(0)
