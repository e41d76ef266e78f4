"""DICOM files opened in the encoding that their bytes show, inflated within bounds.

A wrong meta header is replaced by a right one in front of the same bytes, so that one frame of many
is read without the others.
"""

from __future__ import annotations

import io
import os
import zlib
from dataclasses import replace
from functools import partial
from typing import IO, cast

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

from distiliqa.ct.dicom.beginning import (
    PLAIN_SYNTAXES,
    PREAMBLE_BYTES,
    PREFIX,
    Beginning,
    read_beginning,
)
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError

# 1000 slices of 512 x 512. Deflate reaches 1032 : 1, so that a small file could fill the memory.
MAX_INFLATED_BYTES = 1 << 29

_BLOCK_BYTES = 1 << 16


def as_encoded(source: Source) -> Source:
    """The same file with a meta header that names the encoding of its data set.

    It is ``source`` itself where the two agree, where the encoding is unknown, and where there is
    no meta header, because pydicom then detects the encoding itself.
    """
    with source.open() as stream:
        beginning = read_beginning(stream)
    found = beginning.found
    if found is None or _agrees(beginning):
        return source
    start = _meta_header(found, beginning.media_class)
    opened = partial(_open_with, start, source, beginning.data_set)
    return replace(source, open=opened, file=None, begin=None, size=None)


def _agrees(beginning: Beginning) -> bool:
    declared, found = beginning.declared, beginning.found
    if declared in (*PLAIN_SYNTAXES, DeflatedExplicitVRLittleEndian):
        return declared == found
    if declared is not None:  # compressed (PS3.5, A.4), or unknown
        return found == ExplicitVRLittleEndian or not declared.is_transfer_syntax
    has_meta_header = beginning.data_set > PREAMBLE_BYTES + len(PREFIX)
    return found != DeflatedExplicitVRLittleEndian and not has_meta_header


def transfer_syntax(dataset: Dataset) -> UID:
    """The transfer syntax of a file; without a meta header the uncompressed one that pydicom found.

    ``dataset`` was read from a source that `as_encoded` gave.
    """
    if syntax := dataset.file_meta.get("TransferSyntaxUID"):
        return UID(syntax)
    implicit, little = dataset.original_encoding
    if implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if little else ExplicitVRBigEndian


def check_inflated_size(stream: IO[bytes], path: str) -> None:
    """Raise `CTReadError` on a deflated file that would inflate to more than 512 MiB.

    In deflated DICOM (PS3.5, A.5) the data set is one compressed stream. ``stream`` is read from
    the start, and is at the start again afterwards.
    """
    beginning = read_beginning(stream)
    if beginning.declared != DeflatedExplicitVRLittleEndian:
        return
    stream.seek(beginning.data_set)
    inflater, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while block := stream.read(_BLOCK_BYTES):
        size += len(inflater.decompress(block))
        if size > MAX_INFLATED_BYTES:
            raise CTReadError(
                f"inflates to more than {MAX_INFLATED_BYTES >> 20} MiB, which looks like a bomb",
                path=path,
                remedy="export it uncompressed if you trust it",
            )
    stream.seek(0)


def _meta_header(syntax: UID, media_class: str | None) -> bytes:
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    if media_class is not None:
        meta.MediaStorageSOPClassUID = UID(media_class)
    stream = DicomBytesIO()
    write_file_meta_info(stream, meta, enforce_standard=False)
    return bytes(PREAMBLE_BYTES) + PREFIX + stream.getvalue()


def _open_with(start: bytes, source: Source, data_set: int) -> IO[bytes]:
    return cast(IO[bytes], Spliced(start, source.open(), data_set))


class Spliced(io.BufferedIOBase):
    """Binary stream of ``start``, followed by ``stream`` from byte ``skipped`` on."""

    def __init__(self, start: bytes, stream: IO[bytes], skipped: int) -> None:
        self._start, self._stream = start, stream
        self._shift, self._place = skipped - len(start), 0

    def readable(self) -> bool:
        """Whether it can be read."""
        return True

    def seekable(self) -> bool:
        """Whether `seek` works."""
        return True

    def tell(self) -> int:
        """Offset of the next byte."""
        return self._place

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to an offset, see `io.IOBase.seek`."""
        if whence == os.SEEK_CUR:
            offset += self._place
        elif whence == os.SEEK_END:
            offset += self._stream.seek(0, os.SEEK_END) - self._shift
        self._place = max(offset, 0)
        return self._place

    def read(self, size: int | None = -1) -> bytes:
        """Read up to ``size`` bytes, or all where it is negative or None."""
        stop = None if size is None or size < 0 else self._place + size
        content = self._start[self._place : stop]
        if stop is None or stop > len(self._start):
            self._stream.seek(self._place + len(content) + self._shift)
            content += self._stream.read(-1 if stop is None else stop - self._place - len(content))
        self._place += len(content)
        return content

    def close(self) -> None:
        """Close it and the stream inside."""
        self._stream.close()
        super().close()
