"""Uncompressed pixels of a DICOM file, read from where they lie without the header once more.

pydicom goes through all elements before the pixels each time it decodes; the index has just done
that. This takes what nearly all CT is: one frame of 16 bits a pixel, little endian (PS3.5, A.1,
A.2 and 8.1.1). All else is left to `distiliqa.ct.dicom.pixels.decode`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from distiliqa.ct.dicom.image_pixel import GRAY
from distiliqa.ct.dicom.tags import number
from distiliqa.ct.source import Source

_PIXEL_DATA = struct.pack("<HH", 0x7FE0, 0x0010)
# The element up to its length (PS3.5, 7.1.2 and 7.1.3); pixels of 16 bits are OW.
_BEGINNINGS = {ImplicitVRLittleEndian: _PIXEL_DATA, ExplicitVRLittleEndian: _PIXEL_DATA + b"OW\0\0"}


@dataclass(frozen=True, slots=True)
class NativePixels:
    """Where the pixels of an image lie in its file.

    Attributes
    ----------
    place : of the element Pixel Data.
    begins : the bytes of that element before its value.
    shape : (rows, columns).
    signed : the pixels are two's complement.
    unused_bits : at the top of each pixel, which may hold anything.
    """

    place: int
    begins: bytes
    shape: tuple[int, int]
    signed: bool
    unused_bits: int

    @classmethod
    def find(cls, dataset: Dataset, stream: IO[bytes], syntax: UID) -> NativePixels | None:
        """Find the pixels; None where they are not of the plain kind or not as long as they should.

        Parameters
        ----------
        dataset : the elements before the pixels.
        stream : at the element that follows them.
        """
        if not _is_plain(dataset) or syntax not in _BEGINNINGS:
            return None
        rows, columns = int(dataset.Rows), int(dataset.Columns)
        place = stream.tell()
        begins = stream.read(len(_BEGINNINGS[syntax]) + 4)
        if begins != _BEGINNINGS[syntax] + struct.pack("<L", 2 * rows * columns):
            return None
        signed, unused_bits = bool(dataset.PixelRepresentation), 16 - int(dataset.BitsStored)
        return cls(place, begins, (rows, columns), signed, unused_bits)

    def read(self, source: Source) -> NDArray[np.integer] | None:
        """The stored values, (rows, columns); None where the file is not any more as it was."""
        rows, columns = self.shape
        size = len(self.begins) + 2 * rows * columns
        with source.open() as stream:
            stream.seek(self.place)
            content = stream.read(size)
        if len(content) < size or not content.startswith(self.begins):
            return None
        pixels = np.frombuffer(content, "<i2" if self.signed else "<u2", offset=len(self.begins))
        if self.unused_bits:
            pixels = pixels << self.unused_bits >> self.unused_bits
        return pixels.reshape(self.shape)


def _is_plain(dataset: Dataset) -> bool:
    return (
        number(dataset, "BitsAllocated") == 16
        and 0 < (number(dataset, "BitsStored") or 0) <= 16
        and number(dataset, "PixelRepresentation") in (0, 1)
        and number(dataset, "SamplesPerPixel") == 1
        and number(dataset, "NumberOfFrames") in (None, 1)
        and dataset.get("PhotometricInterpretation") in GRAY
    )
