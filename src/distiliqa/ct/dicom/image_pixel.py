"""Checks of the Image Pixel module, and of the element Pixel Data, before pixels are decoded.

Source: DICOM PS3.3, C.7.6.3; PS3.5, 7.1, 8.1 and A.4.
"""

from __future__ import annotations

from collections.abc import Container
from typing import IO

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    UncompressedTransferSyntaxes,
)

from distiliqa.ct.dicom.tags import number, written
from distiliqa.errors import CTReadError, shortened

# All tags that this module reads, so that an index can skip the others.
PIXEL_KEYWORDS = (
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "PhotometricInterpretation",
    "SamplesPerPixel",
)

GRAY = ("MONOCHROME1", "MONOCHROME2")

# Values of these attributes in an image of HU.
_ALLOWED: dict[str, Container] = {
    "SamplesPerPixel": (1,),
    "BitsAllocated": (8, 16, 32, 64),
    "BitsStored": range(1, 65),
    "PixelRepresentation": (0, 1),
}
_NOT_OF_FLOATS = ("BitsStored", "PixelRepresentation")  # PS3.3, C.7.6.24

_HEAD_BYTES = 20  # of Pixel Data: tag, VR and length, then tag and length of the first item
_PIXEL_DATA_ELEMENT = (b"\x10\x00", b"\x00\x10")  # its element number, in either byte order
_UNDEFINED_LENGTH = b"\xff\xff\xff\xff"
_ITEM = b"\xfe\xff\x00\xe0"
_MAX_ITEMS = 100_000  # steps of a walk over the items of compressed pixels

# Prefix of a file and the first element of its meta header (PS3.10, 7.1).
_FILE_MARK = b"DICM\x02\x00\x00\x00UL\x04\x00"
_MARK_AT = 128
_SEARCHED_BYTES = 64 << 20


def check_image_pixel(
    dataset: Dataset, stream: IO[bytes], syntax: UID, *, path: str
) -> tuple[UID, tuple[str, ...]]:
    """Check that the pixels can be decoded.

    Parameters
    ----------
    dataset : the elements before the pixels.
    stream : at the element of the pixels; it stays there.
    syntax : the transfer syntax of the file.

    Returns
    -------
    The transfer syntax of the pixels by their bytes, and warnings.

    Raises
    ------
    CTReadError : an attribute is missing or has a value that no image of HU has.
    """
    if not syntax.is_transfer_syntax:
        raise CTReadError(
            f"transfer syntax {shortened(syntax)} is not supported",
            path=path,
            remedy="export the series uncompressed (Explicit VR Little Endian)",
        )
    inflated = syntax == DeflatedExplicitVRLittleEndian  # pydicom read another stream, in memory
    head = b"" if inflated else _peek(stream)
    if not inflated and not any(_length(head, syntax)):
        raise _missing("PixelData", path)
    floats = bool(head) and head[2:4] not in _PIXEL_DATA_ELEMENT
    for keyword, allowed in _ALLOWED.items():
        if not (floats and keyword in _NOT_OF_FLOATS):
            _check_number(dataset, keyword, allowed, path)
    if written(dataset, "PhotometricInterpretation") is None:
        raise _missing("PhotometricInterpretation", path)
    _check_bits(dataset, syntax, path)
    if inflated:
        return syntax, ()
    syntax = _pixel_syntax(head, syntax, path)
    surplus = _surplus_frames if syntax.is_encapsulated else _surplus_bytes
    return syntax, surplus(dataset, head, syntax)


def check_end(stream: IO[bytes], syntax: UID, size: int, *, path: str) -> None:
    """Raise `CTReadError` where another DICOM file follows the first in the same file.

    It would be lost. Such files come of joined downloads and of gzip files that were appended.

    Parameters
    ----------
    stream : at the element of the pixels, where it stays, or at the end of a file without pixels.
    syntax : the transfer syntax of the file.
    size : bytes of the file.
    """
    if not syntax.is_transfer_syntax:
        return
    place = stream.tell()
    first = _MARK_AT + _next_file(stream, syntax)
    if size > first:
        stream.seek(first)
        if _FILE_MARK in stream.read(_SEARCHED_BYTES):
            raise CTReadError(
                "another DICOM file follows the first in it",
                path=path,
                remedy="split it, so that each image has a file of its own",
            )
    stream.seek(place)


def _next_file(stream: IO[bytes], syntax: UID) -> int:
    """The first offset at which another file may begin: after Pixel Data, or 1 where it is absent.

    The pixels of a deflated file are inside of a stream.
    """
    place = stream.tell()
    head = b"" if syntax.is_deflated else stream.read(_HEAD_BYTES)
    if not any(length := _length(head, syntax)):
        return 1
    place += 8 if syntax.is_implicit_VR else 12
    if length != _UNDEFINED_LENGTH:
        return place + int.from_bytes(length, "little" if syntax.is_little_endian else "big")
    for _ in range(_MAX_ITEMS):  # fragments of compressed pixels (PS3.5, A.4)
        stream.seek(place)
        item = stream.read(8)
        if item[:4] != _ITEM:
            break
        place += 8 + int.from_bytes(item[4:], "little")
    return place


def _peek(stream: IO[bytes]) -> bytes:
    place = stream.tell()
    head = stream.read(_HEAD_BYTES)
    stream.seek(place)
    return head


def _length(head: bytes, syntax: UID) -> bytes:
    """The length of Pixel Data as it is written (PS3.5, 7.1); empty at the end of a file."""
    return head[4:8] if syntax.is_implicit_VR else head[8:12]


def _check_number(dataset: Dataset, keyword: str, allowed: Container, path: str) -> None:
    if number(dataset, keyword) in allowed:
        return
    found = written(dataset, keyword)
    if found is None:
        raise _missing(keyword, path)
    raise CTReadError(
        f"{keyword} is {found}, which no image of HU has",
        path=path,
        remedy="export the series again",
    )


def _missing(keyword: str, path: str) -> CTReadError:
    return CTReadError(
        f"lacks {keyword} {Tag(tag_for_keyword(keyword) or 0)}, so its pixels cannot be decoded",
        path=path,
        remedy="export the series again with its pixels and all attributes that describe them",
    )


def _check_bits(dataset: Dataset, syntax: UID, path: str) -> None:
    """Refuse uncompressed pixels that are not in the lowest bits (PS3.5, 8.1.1).

    pydicom does not shift them down either. Compressed pixels have no bits above.
    """
    stored, high = number(dataset, "BitsStored"), number(dataset, "HighBit")
    if syntax in UncompressedTransferSyntaxes and stored and high not in (None, stored - 1):
        raise CTReadError(
            f"High Bit {high:g} does not go with {stored:g} Bits Stored",
            path=path,
            remedy="export the series again",
        )


def _pixel_syntax(head: bytes, syntax: UID, path: str) -> UID:
    """The transfer syntax of the pixels: compressed ones have no length or begin with an item."""
    first = head[8:12] if syntax.is_implicit_VR else head[12:16]
    compressed = _length(head, syntax) == _UNDEFINED_LENGTH or first == _ITEM
    if compressed and not syntax.is_encapsulated:
        raise CTReadError(
            f"its pixels are compressed, and its transfer syntax is {syntax.name}",
            path=path,
            remedy="export the series again",
        )
    return syntax if compressed or not syntax.is_encapsulated else ExplicitVRLittleEndian


def _surplus_bytes(dataset: Dataset, head: bytes, syntax: UID) -> tuple[str, ...]:
    """Warn of uncompressed pixels that exceed what the header describes by at least a row."""
    length = int.from_bytes(_length(head, syntax), "little" if syntax.is_little_endian else "big")
    row = int(number(dataset, "Columns") or 0) * int(number(dataset, "BitsAllocated") or 0) // 8
    rows = int(number(dataset, "Rows") or 0) * int(number(dataset, "NumberOfFrames") or 1)
    if length < row * (rows + 1):
        return ()
    return (f"PixelData holds {length} bytes, of which the header describes {row * rows}",)


def _surplus_frames(dataset: Dataset, head: bytes, syntax: UID) -> tuple[str, ...]:
    """Warn of more frames in the Basic Offset Table, with 4 bytes a frame (PS3.5, A.4)."""
    held, described = int.from_bytes(head[16:], "little") // 4, number(dataset, "NumberOfFrames")
    if held <= (described or 1):
        return ()
    return (f"PixelData holds {held} frames, of which the header describes {described or 1:g}",)
