"""How the data set of a DICOM file is encoded, read from its bytes.

The meta header names the transfer syntax (PS3.10, 7.1). Some programs rewrite one and not the
other, and older files have no meta header; what the first elements look like decides then.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import IO, NamedTuple, cast

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32, VR

from distiliqa.ct.dicom.spliced import Spliced
from distiliqa.ct.source import Source

_PREAMBLE = 128
_PREFIX = b"DICM"
_META_GROUP = 0x0002
_FIRST_GROUPS = (b"\x02\0", b"\x08\0", b"\0\x08")
_META_CLASS, _META_SYNTAX = (0x0002, 0x0002), (0x0002, 0x0010)

# Enough for a meta header and some elements, and for a meta header with private information.
_FIRST_BYTES = 1 << 12
_MAX_FIRST_BYTES = 1 << 20

_VRS = {vr.value.encode() for vr in VR}
_LONG_VRS = {vr.value.encode() for vr in EXPLICIT_VR_LENGTH_32}  # PS3.5, 7.1.2
_MIN_ELEMENT_BYTES = 8
_UNDEFINED_LENGTH = 0xFFFFFFFF  # of a sequence
_MAX_FIRST_GROUP = 0x0028  # of the first two elements; in the other byte order all groups are above

# In this order, as an explicit element can be taken for an implicit one with a long value.
_PLAIN = (ExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian)


class _Element(NamedTuple):
    tag: tuple[int, int]
    value: int  # place of its first byte
    length: int


class Beginning(NamedTuple):
    """Where the data set of a file begins, and how it is encoded.

    Attributes
    ----------
    declared : transfer syntax that the meta header names; None where it names none.
    found : the uncompressed or deflated transfer syntax that the data set looks like; None where
        it looks like none.
    data_set : place of its first byte.
    media_class : Media Storage SOP Class UID; None where the meta header has none.
    """

    declared: UID | None
    found: UID | None
    data_set: int
    media_class: str | None


def begins_as_dicom(stream: IO[bytes]) -> bool:
    """Whether a file begins with ``DICM`` at byte 128 (PS3.10, 7.1), or at once with elements.

    Files without the preamble begin with a meta header or with group 8. ``stream`` is at its start.
    """
    start = stream.read(_PREAMBLE + len(_PREFIX))
    if start[_PREAMBLE:] == _PREFIX:
        return True
    if start[:2] not in _FIRST_GROUPS:
        return False
    stream.seek(0)
    beginning = read_beginning(stream)
    return beginning.found is not None or beginning.declared is not None


def read_beginning(stream: IO[bytes]) -> Beginning:
    """Read the meta header of a file, and how the data set after it is encoded."""
    start = stream.read(_FIRST_BYTES)
    beginning = _beginning(start)
    if beginning.found is None and len(start) == _FIRST_BYTES:
        beginning = _beginning(start + stream.read(_MAX_FIRST_BYTES))
    stream.seek(0)
    return beginning


def as_encoded(source: Source) -> Source:
    """The same file with a meta header that names the encoding of its data set.

    It is the source itself where the two agree, where there is no meta header, so that pydicom
    looks at the data set as well, and where that looks like nothing known.
    """
    with source.open() as stream:
        beginning = read_beginning(stream)
    found = beginning.found
    if found is None or _agrees(beginning):
        return source
    start = _meta_header(found, beginning.media_class)
    return replace(source, open=partial(_open_with, start, source, beginning.data_set), begin=None)


def _agrees(beginning: Beginning) -> bool:
    declared, found = beginning.declared, beginning.found
    if declared in (*_PLAIN, DeflatedExplicitVRLittleEndian):
        return declared == found
    if declared is not None:  # compressed (PS3.5, A.4), or unknown
        return found == ExplicitVRLittleEndian or not declared.is_transfer_syntax
    has_meta_header = beginning.data_set > _PREAMBLE + len(_PREFIX)
    return found != DeflatedExplicitVRLittleEndian and not has_meta_header


def transfer_syntax(dataset: Dataset) -> UID:
    """The transfer syntax of a file; without a meta header it is what pydicom found, uncompressed.

    ``dataset`` was read from a source that `as_encoded` gave.
    """
    if syntax := dataset.file_meta.get("TransferSyntaxUID"):
        return UID(syntax)
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def _meta_header(syntax: UID, media_class: str | None) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    if media_class is not None:
        meta.MediaStorageSOPClassUID = UID(media_class)
    stream = DicomBytesIO()
    write_file_meta_info(stream, meta, enforce_standard=False)
    return bytes(_PREAMBLE) + _PREFIX + stream.getvalue()


def _open_with(start: bytes, source: Source, data_set: int) -> IO[bytes]:
    return cast(IO[bytes], Spliced(start, source.open(), data_set))


def _beginning(start: bytes) -> Beginning:
    place = _PREAMBLE + len(_PREFIX) if start[_PREAMBLE:].startswith(_PREFIX) else 0
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
    """The transfer syntax that the elements from ``place`` on look like."""
    return next((syntax for syntax in _PLAIN if _fits(content, place, syntax)), None)


def _fits(content: bytes, place: int, syntax: UID) -> bool:
    """Whether two elements of low groups follow each other, or a sequence begins."""
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
    """The elements from ``place`` on, until the end or something that is none (PS3.5, 7.1)."""
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
