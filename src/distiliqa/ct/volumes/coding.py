"""Codings of voxels in a file: raw, compressed, or numbers in text. Read within limits."""

from __future__ import annotations

import math
import zlib
from enum import Enum
from typing import IO

import numpy as np
from numpy.typing import NDArray

GZIP_MAGIC = b"\x1f\x8b"  # RFC 1952

# Some 4000 slices of 512 x 512.
MAX_DECODED_BYTES = 2 << 30

# Deflate (RFC 1951) codes 258 bytes in two bits at best: no file inflates to more.
MAX_RATIO = 1032

# Size of a volume in text: each number has several bytes, and is parsed alone.
MAX_TEXT_BYTES = 64 << 20

# Bytes after the voxels: some writers fill a block.
MAX_PADDING_BYTES = 4096

_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS
_BLOCK_BYTES = 1 << 14
_INFLATED_BLOCK = 1 << 20


class Coding(Enum):
    """How voxels are written: as they are, as one zlib or gzip stream, as numbers in text."""

    RAW = "raw"
    DEFLATED = "compressed"
    TEXT = "text"


class Inflated:
    """A zlib or gzip stream (RFC 1950, 1952) of one or more members, inflated as far as asked.

    Parameters
    ----------
    stream : read from its present offset, in blocks of 16 KiB.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._member = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._packed = b""

    def read(self, count: int) -> bytes:
        """Inflate up to ``count`` bytes, fewer only where the stream ends.

        Raises
        ------
        EOFError : the stream is cut short.
        zlib.error : it is damaged, or its checksum is wrong.
        """
        parts = []
        while count > 0 and self._more():
            parts.append(self._member.decompress(self._packed, count))
            self._packed = self._member.unconsumed_tail or self._member.unused_data
            count -= len(parts[-1])
        return b"".join(parts)

    def skip(self, count: int) -> None:
        """Skip ``count`` bytes. Raises as `read`."""
        while count > 0 and (passed := len(self.read(min(count, 1 << 20)))):
            count -= passed

    def _more(self) -> bool:
        """Whether bytes are left to inflate; begins the next member where one has ended."""
        self._packed = self._packed or self._stream.read(_BLOCK_BYTES)
        if self._member.eof:
            self._packed = self._packed.lstrip(b"\0")  # zeros fill the last block of some writers
            self._member = zlib.decompressobj(_GZIP_OR_ZLIB) if self._packed else self._member
        elif not self._packed:
            raise EOFError("the compressed stream is cut short")
        return bool(self._packed)


def read_voxels(
    file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype, coding: Coding, skipped: int
) -> NDArray[np.generic]:
    """Read all voxels of a file from its present offset, in axes of ``shape``.

    Parameters
    ----------
    shape : number of voxels along each axis, the fastest axis first.
    skipped : bytes before the first voxel in a compressed stream.

    Raises
    ------
    EOFError : there are fewer voxels.
    ValueError : there are more, or text holds something else.
    zlib.error : a compressed stream is damaged.
    """
    if coding is Coding.TEXT:
        return _from_text(file, shape, dtype)
    stream: IO[bytes] | Inflated = file
    if coding is Coding.DEFLATED:
        stream = Inflated(file)
        stream.skip(skipped)
    size = math.prod(shape) * dtype.itemsize
    found = bytearray()
    while block := stream.read(min(_INFLATED_BLOCK, size - len(found))):
        found += block
    if len(found) < size:
        raise EOFError(f"{len(found)} of {size} bytes of voxels")
    # A checksum ends the stream. Reading on checks it.
    if len(stream.read(MAX_PADDING_BYTES + 1)) > MAX_PADDING_BYTES:
        raise ValueError(f"more than the {size} bytes of voxels that its header names")
    return np.frombuffer(found, dtype).reshape(shape, order="F")


def _from_text(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype) -> NDArray[np.generic]:
    words = file.read(MAX_TEXT_BYTES).replace(b",", b" ").split()
    if len(words) != math.prod(shape):
        raise ValueError(f"{len(words)} numbers for {math.prod(shape)} voxels")
    written = np.fromiter(map(float, words), np.float64, len(words))
    with np.errstate(all="ignore"):
        numbers = written.astype(dtype)
    if dtype.kind in "iu" and not np.array_equal(numbers, written):
        raise ValueError(f"numbers that are no {dtype}")
    return numbers.reshape(shape, order="F")
