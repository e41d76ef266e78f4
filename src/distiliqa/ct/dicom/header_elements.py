"""Elements that are needed of a DICOM header, found in one walk over its first bytes (PS3.5, 7.1).

Headers of scanners have some hundred elements, and an index needs a quarter of them. pydicom takes
most of the time of an index to skip the others. What is not of the usual form is left to it: data
sets in big endian or deflated, without a meta header, with a header that is long or cut short.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from functools import lru_cache
from typing import IO, NamedTuple

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
)
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32, VR

from distiliqa.ct.dicom.beginning import Beginning

_HEADER_BYTES = 1 << 16
_MAX_DEPTH = 8  # of sequences in sequences

_PIXELS = {0x7FE00008, 0x7FE00009, 0x7FE00010}  # of floats, of doubles, and Pixel Data
_ITEM, _END_OF_ITEM, _END_OF_SEQUENCE = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_UNDEFINED_LENGTH = 0xFFFFFFFF

_NAMES = {vr.value.encode(): vr.value for vr in VR if len(vr.value) == 2}
_LONG = {vr.value.encode() for vr in EXPLICIT_VR_LENGTH_32}
_EXPLICIT, _IMPLICIT, _LENGTH = struct.Struct("<HH2sH"), struct.Struct("<HHL"), struct.Struct("<L")


_Elements = dict[BaseTag, DataElement | RawDataElement]


class _NotUsual(Exception):
    """The header is not of the usual form."""


class _Head(NamedTuple):
    """The beginning of an element: its tag, representation, and the place of its value."""

    tag: int
    kind: str | None
    value: int
    length: int


def read_elements(
    stream: IO[bytes], beginning: Beginning, wanted: Mapping[int, BaseTag]
) -> Dataset | None:
    """Read the elements before the pixels; None where the header is not of the usual form.

    Parameters
    ----------
    stream : a file of DICOM; afterwards at the element of its pixels, or at the end without pixels.
    beginning : its beginning.
    wanted : the tags that are read.
    """
    syntax = beginning.declared
    if syntax is None or not syntax.is_transfer_syntax:
        return None
    if syntax in (ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian):
        return None
    try:
        stream.seek(beginning.data_set)
        content = stream.read(_HEADER_BYTES)
        elements, place = _walk(content, syntax == ImplicitVRLittleEndian, wanted)
    except Exception:  # bytes that end inside of an element, or a member of an archive with damage
        stream.seek(0)
        return None
    stream.seek(beginning.data_set + place)
    dataset = Dataset(elements)
    dataset.file_meta = _meta(syntax, beginning.media_class)
    return dataset


@lru_cache(maxsize=16)  # all files of a series have the same
def _meta(syntax: UID, media_class: str | None) -> FileMetaDataset:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    if media_class is not None:
        meta.MediaStorageSOPClassUID = UID(media_class)
    return meta


def _walk(content: bytes, implicit: bool, wanted: Mapping[int, BaseTag]) -> tuple[_Elements, int]:
    """The wanted elements up to the pixels, and the place of these."""
    found: _Elements = {}
    place = 0
    while place < len(content):
        tag, kind, value, length = _head(content, place, implicit)
        if tag in _PIXELS:
            return found, place
        end = after = value + length
        if length == _UNDEFINED_LENGTH:
            after = _end_of_sequence(content, value, kind, implicit)
            end = after - 8  # without what delimits it
        if after > len(content):
            raise _NotUsual
        if tag in wanted:
            known = wanted[tag]
            raw = content[value:end]
            found[known] = RawDataElement(known, kind, end - value, raw, value, implicit, True)
        place = after
    if len(content) == _HEADER_BYTES:
        raise _NotUsual
    return found, place


def _head(content: bytes, place: int, implicit: bool) -> _Head:
    if implicit:
        group, element, length = _IMPLICIT.unpack_from(content, place)
        return _Head(group << 16 | element, None, place + 8, length)
    group, element, kind, length = _EXPLICIT.unpack_from(content, place)
    if kind in _LONG:
        (length,) = _LENGTH.unpack_from(content, place + 8)
        return _Head(group << 16 | element, _NAMES[kind], place + 12, length)
    if kind not in _NAMES:
        raise _NotUsual
    return _Head(group << 16 | element, _NAMES[kind], place + 8, length)


def _end_of_sequence(
    content: bytes, place: int, kind: str | None, implicit: bool, depth: int = 0
) -> int:
    """The place after a sequence of undefined length (PS3.5, 7.5), whose first item is at a place.

    Other values of undefined length, and items in another encoding, are not usual.
    """
    if kind not in (None, "SQ") or depth == _MAX_DEPTH:
        raise _NotUsual
    while True:
        tag, _, place, length = _head(content, place, implicit=True)
        if tag == _END_OF_SEQUENCE:
            return place
        if tag != _ITEM:
            raise _NotUsual
        if length == _UNDEFINED_LENGTH:
            place = _end_of_item(content, place, implicit, depth)
        else:
            place += length


def _end_of_item(content: bytes, place: int, implicit: bool, depth: int) -> int:
    while True:
        if _head(content, place, implicit=True).tag == _END_OF_ITEM:
            return place + 8
        _, kind, value, length = _head(content, place, implicit)
        if length == _UNDEFINED_LENGTH:
            place = _end_of_sequence(content, value, kind, implicit, depth + 1)
        else:
            place = value + length
