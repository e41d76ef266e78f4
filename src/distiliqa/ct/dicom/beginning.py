"""First bytes of a DICOM file: its meta header, and how the data set after it is encoded.

The meta header names the transfer syntax (PS3.10, 7.1). Some programs rewrite one of the two and
not the other, and older files have no meta header. So the first elements are looked at as well.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32, VR

PREAMBLE_BYTES = 128
PREFIX = b"DICM"
_META_GROUP = 0x0002
_FIRST_GROUPS = (b"\x02\0", b"\x08\0", b"\0\x08")
_META_CLASS, _META_SYNTAX = (0x0002, 0x0002), (0x0002, 0x0010)

# Enough for a usual meta header with some elements, and for one with private information.
_FIRST_BYTES = 1 << 12
_MAX_FIRST_BYTES = 1 << 20

_VRS = {vr.value.encode() for vr in VR}
_LONG_VRS = {vr.value.encode() for vr in EXPLICIT_VR_LENGTH_32}  # PS3.5, 7.1.2
_MIN_ELEMENT_BYTES = 8
_UNDEFINED_LENGTH = 0xFFFFFFFF  # of a sequence
_MAX_FIRST_GROUP = 0x0028  # of the first two elements; in the other byte order all groups are above

# Uncompressed. In this order: an explicit element looks like an implicit one with a long value.
PLAIN_SYNTAXES = (ExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian)


class _Element(NamedTuple):
    tag: tuple[int, int]
    value: int  # offset of its first byte
    length: int


class Beginning(NamedTuple):
    """Start of the data set of a file, and its encoding.

    Attributes
    ----------
    declared : transfer syntax in the meta header; None for none.
    found : uncompressed or deflated transfer syntax by the bytes of the data set; None for none.
    data_set : offset of its first byte.
    media_class : Media Storage SOP Class UID in the meta header; None for none.
    """

    declared: UID | None
    found: UID | None
    data_set: int
    media_class: str | None


def begins_as_dicom(stream: IO[bytes]) -> bool:
    """Whether a file has ``DICM`` at byte 128 (PS3.10, 7.1), or begins with DICOM elements.

    Files without the preamble begin with a meta header or with group 8. ``stream`` is at its start.
    """
    start = stream.read(PREAMBLE_BYTES + len(PREFIX))
    if start[PREAMBLE_BYTES:] == PREFIX:
        return True
    if start[:2] not in _FIRST_GROUPS:
        return False
    stream.seek(0)
    beginning = read_beginning(stream)
    return beginning.found is not None or beginning.declared is not None


def read_beginning(stream: IO[bytes]) -> Beginning:
    """Read the meta header of a file, and detect the encoding of the data set after it."""
    start = stream.read(_FIRST_BYTES)
    beginning = _beginning(start)
    if beginning.found is None and len(start) == _FIRST_BYTES:
        beginning = _beginning(start + stream.read(_MAX_FIRST_BYTES))
    stream.seek(0)
    return beginning


def _beginning(start: bytes) -> Beginning:
    place = PREAMBLE_BYTES + len(PREFIX) if start[PREAMBLE_BYTES:].startswith(PREFIX) else 0
    explicit = start[place + 4 : place + 6] in _VRS
    texts: dict[tuple[int, int], str] = {}
    meta_syntax = ExplicitVRLittleEndian if explicit else ImplicitVRLittleEndian
    for element in _elements(start, place, meta_syntax):
        if element.tag[0] != _META_GROUP or element.value + element.length > len(start):
            break
        place = element.value + element.length
        texts[element.tag] = start[element.value : place].rstrip(b"\0 ").decode("ascii", "replace")
    syntax = texts.get(_META_SYNTAX)
    declared = UID(syntax) if syntax else None
    return Beginning(declared, _encoding(start, place), place, texts.get(_META_CLASS))


def _encoding(start: bytes, place: int) -> UID | None:
    if (found := _plain_encoding(start, place)) is not None:
        return found
    try:
        inflated = zlib.decompressobj(-zlib.MAX_WBITS).decompress(start[place:], _FIRST_BYTES)
    except zlib.error:
        return None
    return None if _plain_encoding(inflated, 0) is None else DeflatedExplicitVRLittleEndian


def _plain_encoding(content: bytes, place: int) -> UID | None:
    """The uncompressed transfer syntax of the elements from ``place`` on; None for none."""
    return next((syntax for syntax in PLAIN_SYNTAXES if _fits(content, place, syntax)), None)


def _fits(content: bytes, place: int, syntax: UID) -> bool:
    """Whether the bytes in ``syntax`` begin with two elements in order, or with a sequence."""
    before: tuple[int, int] | None = None
    for element in _elements(content, place, syntax):
        if element.tag[0] > _MAX_FIRST_GROUP:
            return False
        if before is not None:
            return before < element.tag
        if element.length == _UNDEFINED_LENGTH:
            return True
        before = element.tag
    return False


def _elements(content: bytes, place: int, syntax: UID) -> Iterator[_Element]:
    """Yield the elements from ``place`` on, up to the first bytes that are none (PS3.5, 7.1)."""
    order = "<" if syntax.is_little_endian else ">"
    while place + _MIN_ELEMENT_BYTES <= len(content):
        group, element, vr, short = struct.unpack_from(f"{order}HH2sH", content, place)
        value = place + _MIN_ELEMENT_BYTES
        if syntax.is_implicit_VR:
            (length,) = struct.unpack_from("<L", content, place + 4)
        elif vr not in _VRS and group != _META_GROUP:
            return
        elif vr in _LONG_VRS:
            length = int.from_bytes(content[value : value + 4], "little" if order == "<" else "big")
            value += 4
        else:
            length = short
        yield _Element((group, element), value, length)
        place = value + length
