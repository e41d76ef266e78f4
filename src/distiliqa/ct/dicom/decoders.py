"""Decoders of compressed frames, as one plug-in for pydicom under permissive licenses.

pyjpegls reads JPEG-LS, pylibjpeg-openjpeg JPEG 2000 and HTJ2K, GDCM the other kinds of JPEG. These
libraries trust the DICOM header: where it contradicts the compressed image, GDCM ends the whole
process and others give a wrong image, so the two are compared first. pydicom itself decodes RLE,
once its length is known.

The names that pydicom looks for in a plug-in module are `is_available`, `DECODER_DEPENDENCIES` and
the decoding function.
"""

from __future__ import annotations

import re
from typing import Any

from pydicom.pixels import get_decoder
from pydicom.pixels.decoders import gdcm as by_gdcm
from pydicom.pixels.decoders import pyjpegls as by_pyjpegls
from pydicom.pixels.decoders import pylibjpeg as by_pylibjpeg
from pydicom.pixels.decoders import rle as by_pydicom
from pydicom.pixels.decoders.base import DecodeRunner
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGExtended12Bit,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLELossless,
)

from distiliqa.ct.dicom.codestream import Codestream, holds_another, read_codestream
from distiliqa.ct.dicom.decoder_output import decoder_output
from distiliqa.ct.dicom.header import LOSSY
from distiliqa.ct.dicom.rle import check_rle

PLUGIN = "distiliqa"
NOTES = "notes"  # option of pydicom's decoders: a list that takes what a user should know
_MAX_PRECISION = 16  # of CT: PS3.3, C.8.2.1.1
_END_OF_IMAGE = b"\xff\xd9"

# Some encoders fill up behind the last pixel.
_HARMLESS = re.compile(r"extraneous bytes before marker")

# pylibjpeg-libjpeg, which pydicom also suggests, is GPL.
DECODER_DEPENDENCIES: dict[UID, tuple[str, ...]] = {
    **dict.fromkeys(JPEGTransferSyntaxes, ("python-gdcm",)),
    **dict.fromkeys(JPEGLSTransferSyntaxes, ("pyjpegls",)),
    **dict.fromkeys(
        (JPEG2000Lossless, JPEG2000, HTJ2KLossless, HTJ2KLosslessRPCL, HTJ2K),
        ("pylibjpeg", "pylibjpeg-openjpeg"),
    ),
    RLELossless: ("pydicom",),
}
_MODULES = {
    "python-gdcm": by_gdcm,
    "pyjpegls": by_pyjpegls,
    "pylibjpeg": by_pylibjpeg,
    "pydicom": by_pydicom,
}


def is_available(uid: str) -> bool:
    """Whether the library that decodes the transfer syntax ``uid`` is installed."""
    return bool(_module(uid).is_available(uid))


def decode_frame(source: bytes, runner: DecodeRunner) -> bytes | bytearray:
    """Decode one encoded frame to bytes of ``runner``'s rows, columns and bits allocated.

    Raises `ValueError` where the compressed image is not the one that the header describes, or its
    decoder says that it is damaged.
    """
    if runner.transfer_syntax == RLELossless:
        check_rle(source, runner.rows, runner.columns)
        return by_pydicom._decode_frame(source, runner)
    notes: list[str] = runner.get_option(NOTES, [])
    if _check(source, runner).lossy:
        notes.append(LOSSY)
    if holds_another(source):
        notes.append("a second compressed image follows the first, and is not counted as a frame")
    if runner.transfer_syntax in JPEGTransferSyntaxes:
        return _decode_jpeg(source, runner, notes)
    if runner.transfer_syntax in JPEGLSTransferSyntaxes:
        # Where a stream is cut short CharLS reads on for seconds, until it meets this marker.
        source += _END_OF_IMAGE
    return _module(runner.transfer_syntax)._decode_frame(source, runner)


def register() -> None:
    """Add the plug-in to pydicom's decoders, once."""
    for uid in DECODER_DEPENDENCIES:
        decoder = get_decoder(uid)
        if PLUGIN not in (*decoder.available_plugins, *decoder._unavailable):
            decoder.add_plugin(PLUGIN, (__name__, "decode_frame"))


def _module(uid: str) -> Any:
    return _MODULES[DECODER_DEPENDENCIES[UID(uid)][0]]


def _check(source: bytes, runner: DecodeRunner) -> Codestream:
    found = read_codestream(source)
    if (found.rows, found.columns, found.samples) != (runner.rows, runner.columns, 1):
        raise ValueError(
            f"the compressed image has {found.rows} x {found.columns} pixels of "
            f"{found.samples} samples, the header says {runner.rows} x {runner.columns} of 1"
        )
    if not found.precision <= runner.bits_allocated <= _MAX_PRECISION:
        raise ValueError(
            f"the compressed image has {found.precision} bits a pixel, "
            f"the header says {runner.bits_allocated}"
        )
    return found


def _decode_jpeg(source: bytes, runner: DecodeRunner, notes: list[str]) -> bytes | bytearray:
    twelve_bits = runner.transfer_syntax == JPEGExtended12Bit and runner.bits_stored > 8
    decode = _decode_12_bit_jpeg if twelve_bits else by_gdcm._decode_frame
    try:
        with decoder_output() as printed:
            pixels = decode(source, runner)
    except AttributeError as error:  # GDCM gives None in place of an image that it cannot decode
        raise ValueError("the compressed image is damaged") from error
    for line in printed:
        if not _HARMLESS.search(line):
            raise ValueError(f"the compressed image is damaged: {line}")
        notes.append(f"the compressed image may be damaged ({line})")
    return pixels


def _decode_12_bit_jpeg(source: bytes, runner: DecodeRunner) -> bytes:
    """JPEG Extended, processes 2 and 4, which pydicom's own plug-in for GDCM leaves out."""
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(source)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    gray = gdcm.PhotometricInterpretation.MONOCHROME2
    bits = (runner.bits_allocated, runner.bits_stored, runner.bits_stored - 1)
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(gray))
    image.SetPixelFormat(gdcm.PixelFormat(1, *bits, runner.pixel_representation))
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGExtendedProcess2_4))
    image.SetDataElement(element)
    # GDCM hands bytes out as text in which it has escaped what is not UTF-8.
    return image.GetBuffer().encode("utf-8", "surrogateescape")
