"""Stored pixels of one DICOM frame: read directly from the file, or decoded.

pydicom goes through all elements before the pixels each time it decodes, and the index has just
done that. `NativePixels` reads what nearly all CT is: one frame of 16 bits a pixel, little endian
(PS3.5, A.1, A.2 and 8.1.1). `decode` reads all else.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.pixels import get_decoder, pixel_array
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from distiliqa.ct.dicom import decoders
from distiliqa.ct.dicom.image_pixel import GRAY
from distiliqa.ct.dicom.tags import number, value
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError

decoders.register()


def decode(source: Source, frame: int, syntax: UID) -> tuple[NDArray[np.generic], list[str]]:
    """Decode one frame to its stored values, (rows, columns), before any rescale.

    Only this frame is read where the file allows it, and nothing is kept.

    Returns
    -------
    The stored values, and warnings such as `LOSSY`. The compressed image decides whether it is
    lossy, and not the transfer syntax or a tag.

    Raises
    ------
    CTReadError : the transfer syntax has no decoder, or the pixels are missing, cut short or
        damaged.
    """
    notes: list[str] = []
    options: dict[str, Any] = {
        "decoding_plugin": _plugin_for(source, syntax),
        decoders.NOTES: notes,
    }
    try:
        with source.open() as stream:
            # A deflated file is one compressed stream: no frame can be found in it without reading.
            deflated = syntax == DeflatedExplicitVRLittleEndian
            pixels = dcmread(stream, force=True) if deflated else cast(BinaryIO, stream)
            stored = pixel_array(pixels, index=frame, transfer_syntax_uid=syntax, **options)
            return stored, notes
    except Exception as error:  # decoders raise many kinds
        reason = str(error).split("\n")[-1].strip()  # pydicom puts other lines before it
        reason = reason.removeprefix(f"{decoders.PLUGIN}: ")
        raise CTReadError(
            f"the pixels cannot be decoded ({reason})",
            path=source.name,
            remedy="the file is cut short or damaged: copy or export it again",
        ) from error


def _plugin_for(source: Source, syntax: UID) -> str:
    """Name of the plug-in that decodes; empty where pydicom needs none or selects its own."""
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise CTReadError(
            f"transfer syntax {syntax.name} is not supported",
            path=source.name,
            remedy="export the series uncompressed (Explicit VR Little Endian)",
        ) from error
    if syntax not in decoders.DECODER_DEPENDENCIES:
        return ""
    if decoders.PLUGIN not in decoder.available_plugins:
        packages = " ".join(decoders.DECODER_DEPENDENCIES[syntax])
        raise CTReadError(
            f"no decoder for transfer syntax {syntax.name}",
            path=source.name,
            remedy=f"pip install {packages}",
        )
    return decoders.PLUGIN


_PIXEL_DATA = struct.pack("<HH", 0x7FE0, 0x0010)
# The element up to its length (PS3.5, 7.1.2 and 7.1.3); pixels of 16 bits are OW.
_BEGINNINGS = {ImplicitVRLittleEndian: _PIXEL_DATA, ExplicitVRLittleEndian: _PIXEL_DATA + b"OW\0\0"}


@dataclass(frozen=True, slots=True)
class NativePixels:
    """Offset and type of the uncompressed pixels of an image in its file.

    Attributes
    ----------
    place : offset of the element Pixel Data.
    begins : the bytes of that element before its value.
    shape : (rows, columns).
    signed : whether the pixels are in two's complement.
    unused_bits : bits at the top of each pixel, whose value means nothing.
    """

    place: int
    begins: bytes
    shape: tuple[int, int]
    signed: bool
    unused_bits: int

    @classmethod
    def find(cls, dataset: Dataset, stream: IO[bytes], syntax: UID) -> NativePixels | None:
        """Find the pixels; None where they are of another kind or length.

        Parameters
        ----------
        dataset : the elements before the pixels.
        stream : at the element of the pixels.
        """
        if not _is_plain(dataset) or syntax not in _BEGINNINGS:
            return None
        rows, columns = (int(number(dataset, side) or 0) for side in ("Rows", "Columns"))
        place = stream.tell()
        begins = stream.read(len(_BEGINNINGS[syntax]) + 4)
        if begins != _BEGINNINGS[syntax] + struct.pack("<L", 2 * rows * columns):
            return None
        signed, bits = number(dataset, "PixelRepresentation"), number(dataset, "BitsStored")
        return cls(place, begins, (rows, columns), bool(signed), 16 - int(bits or 0))

    def read(self, source: Source) -> NDArray[np.integer] | None:
        """The stored values, (rows, columns); None where the file has changed."""
        rows, columns = self.shape
        size = len(self.begins) + 2 * rows * columns
        with source.open() as stream:
            stream.seek(self.place)
            content = stream.read(size)
        if len(content) < size or not content.startswith(self.begins):
            return None
        pixels = np.frombuffer(content, "<i2" if self.signed else "<u2", offset=len(self.begins))
        if self.unused_bits:
            pixels = pixels << self.unused_bits
            pixels >>= self.unused_bits
        return pixels.reshape(self.shape)


def _is_plain(dataset: Dataset) -> bool:
    return (
        number(dataset, "BitsAllocated") == 16
        and 0 < (number(dataset, "BitsStored") or 0) <= 16
        and number(dataset, "PixelRepresentation") in (0, 1)
        and number(dataset, "SamplesPerPixel") == 1
        and number(dataset, "NumberOfFrames") in (None, 1)
        and value(dataset, "PhotometricInterpretation") in GRAY
    )
