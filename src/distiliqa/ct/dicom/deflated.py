"""Deflated DICOM (PS3.5, A.5): the whole data set is one compressed stream."""

from __future__ import annotations

import zlib
from typing import IO

from pydicom.uid import DeflatedExplicitVRLittleEndian

from distiliqa.ct.dicom.encoding import read_beginning
from distiliqa.errors import CTReadError

# 1000 slices of 512 x 512. Deflate reaches 1032 : 1, so that a small file could fill the memory.
MAX_BYTES = 1 << 29

_BLOCK_BYTES = 1 << 16


def check_inflated_size(stream: IO[bytes], path: str) -> None:
    """Raise `CTReadError` on a deflated file that would inflate to more than 512 MiB.

    ``stream`` is read from the start, and is at the start again afterwards.
    """
    beginning = read_beginning(stream)
    if beginning.declared != DeflatedExplicitVRLittleEndian:
        return
    stream.seek(beginning.data_set)
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while block := stream.read(_BLOCK_BYTES):
        size += len(inflater.decompress(block))
        if size > MAX_BYTES:
            raise CTReadError(
                f"inflates to more than {MAX_BYTES >> 20} MiB, which looks like a bomb",
                path=path,
                remedy="export it uncompressed if you trust it",
            )
    stream.seek(0)
