"""Pages of a TIFF, with checks of their strips and tiles before they are decoded.

tifffile follows a list of pages wherever it leads, inflates a strip whole, and gives zeros for
missing data.
"""

from __future__ import annotations

import lzma
import struct
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import tifffile
from numpy.typing import NDArray

from distiliqa.ct.hu import MAX_SLICES

_NONE, _PACKBITS, _DEFLATE, _LZMA = 1, 32773, (8, 32946), 34925

# Bytes that a writer may add to a strip or a tile.
_MAX_PADDING = 4096

_INFLATED_BLOCK = 1 << 20
_MAX_LZMA_MEMORY = 128 << 20


def page_offsets(tiff: tifffile.TiffFile) -> list[int]:
    """Offsets of the pages of a file, bytes; after 20,001 pages the list is not followed.

    Raises
    ------
    ValueError : the list of pages leads back to one of them or out of the file.
    """
    layout, file = tiff.tiff, tiff.filehandle
    offset = tiff.pages.first.offset
    found: dict[int, None] = {}
    while offset and len(found) <= MAX_SLICES:
        if offset in found or not 0 < offset < file.size:
            raise ValueError("its list of pages leads back or out of the file")
        found[offset] = None
        file.seek(offset)
        (tags,) = struct.unpack(layout.tagnoformat, file.read(layout.tagnosize))
        file.seek(tags * layout.tagsize, 1)
        (offset,) = struct.unpack(layout.offsetformat, file.read(layout.offsetsize))
    return list(found)


def page_values(page: tifffile.TiffPage) -> NDArray[Any]:
    """The values of a page as stored, (rows, columns).

    Raises
    ------
    ValueError : a strip or a tile holds more or less than its part of the page.
    Exception : whatever tifffile raises on damaged files.
    """
    expected = list(_segment_bytes(page))
    segments = list(zip(page.dataoffsets, page.databytecounts, expected, strict=False))
    if len(segments) < len(expected):
        raise ValueError(f"{len(segments)} of {len(expected)} strips or tiles")
    for offset, count, (least, full) in segments:
        _check_segment(page, offset, count, least, full)
    return page.asarray()


def _check_segment(page: tifffile.TiffPage, offset: int, count: int, least: int, full: int) -> None:
    file, limit = page.parent.filehandle, full + _MAX_PADDING
    if not 0 < offset <= offset + count <= file.size:
        raise ValueError("strips or tiles beyond the end of the file")
    if page.compression == _NONE:
        size = min(count, full)
    elif count > 2 * limit:
        raise ValueError(f"{count} bytes for a strip or tile of {full}")
    else:
        file.seek(offset)
        size = _unpacked_size(file.read(count), page.compression, least, limit)
    if not least <= size <= limit:
        raise ValueError(f"a strip or tile of other than {least} bytes")


def _segment_bytes(page: tifffile.TiffPage) -> Iterator[tuple[int, int]]:
    """Yield for each strip or tile the smallest number of bytes, and that of a whole one."""
    if page.is_tiled:
        full = page.tilelength * _row_bytes(page, page.tilewidth)
        for _ in range(int(np.prod(page.chunked))):
            yield full, full
        return
    row = _row_bytes(page, page.imagewidth)
    for first in range(0, page.imagelength, page.rowsperstrip):
        yield min(page.rowsperstrip, page.imagelength - first) * row, page.rowsperstrip * row


def _row_bytes(page: tifffile.TiffPage, width: int) -> int:
    return (width * int(page.bitspersample) + 7) // 8


def _unpacked_size(packed: bytes, compression: int, least: int, limit: int) -> int:
    """Bytes of a strip or tile after unpacking, counted up to ``limit``.

    It is ``least`` for compressions whose decoder knows the size and stops there.
    """
    if compression == _PACKBITS:
        return _packbits_size(packed)
    if compression in _DEFLATE:
        return _counted(zlib.decompressobj(), packed, limit)
    if compression == _LZMA:
        return _counted(lzma.LZMADecompressor(memlimit=_MAX_LZMA_MEMORY), packed, limit)
    return least


def _counted(decoder: Any, packed: bytes, limit: int) -> int:
    size = 0
    while size <= limit and not decoder.eof:
        if not (block := decoder.decompress(packed, _INFLATED_BLOCK)):
            break
        size += len(block)
        packed = getattr(decoder, "unconsumed_tail", b"")  # lzma keeps the rest itself
    if size <= limit and decoder.unused_data.strip(b"\0"):
        raise ValueError("bytes behind the end of a strip or tile")
    return size


def _packbits_size(packed: bytes) -> int:
    """Bytes of a PackBits stream (TIFF 6.0, section 9), counted without unpacking it."""
    size = at = 0
    while at < len(packed):
        code = packed[at]
        if code < 128:
            size, at = size + code + 1, at + code + 2
        else:
            size, at = size + (257 - code) % 129, at + (2 if code > 128 else 1)
    return size
