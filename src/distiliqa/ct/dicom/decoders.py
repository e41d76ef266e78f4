"""Decoders of compressed frames, as one plug-in for pydicom under permissive licenses.

pyjpegls reads JPEG-LS, pylibjpeg-openjpeg JPEG 2000 and HTJ2K, GDCM the other kinds of JPEG. These
libraries trust the DICOM header. Where it contradicts the compressed image, GDCM ends the whole
process and others give a wrong image. So the two are compared first. pydicom itself decodes RLE,
once its length is known.

pydicom looks for three names in a plug-in module: `is_available`, `DECODER_DEPENDENCIES` and the
decoding function.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryFile
from threading import Lock
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

from distiliqa.ct.dicom.codestream import Codestream, check_rle, holds_another, read_codestream
from distiliqa.ct.dicom.header import LOSSY

PLUGIN = "distiliqa"
NOTES = "notes"  # option of the decoder: a list that receives warnings for the user
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

    Raises `ValueError` where the compressed image contradicts the header, or its decoder reports
    damage.
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
        # In a stream that is cut short, CharLS reads on for seconds until it finds this marker.
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
            f"{found.samples} samples, the header states {runner.rows} x {runner.columns} of 1"
        )
    if not found.precision <= runner.bits_allocated <= _MAX_PRECISION:
        raise ValueError(
            f"the compressed image has {found.precision} bits a pixel, "
            f"the header states {runner.bits_allocated}"
        )
    return found


def _decode_jpeg(source: bytes, runner: DecodeRunner, notes: list[str]) -> bytes | bytearray:
    twelve_bits = runner.transfer_syntax == JPEGExtended12Bit and runner.bits_stored > 8
    decode = _decode_12_bit_jpeg if twelve_bits else by_gdcm._decode_frame
    try:
        with decoder_output() as printed:
            pixels = decode(source, runner)
    except AttributeError as error:  # GDCM gives None for an image that it cannot decode
        raise ValueError("the compressed image is damaged") from error
    for line in printed:
        if not _HARMLESS.search(line):
            raise ValueError(f"the compressed image is damaged: {line}")
        notes.append(f"the compressed image may be damaged ({line})")
    return pixels


def _decode_12_bit_jpeg(source: bytes, runner: DecodeRunner) -> bytes:
    """Decode JPEG Extended, processes 2 and 4, which the plug-in of pydicom for GDCM leaves out."""
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
    # GDCM gives bytes as text, with escapes for those that are not UTF-8.
    return image.GetBuffer().encode("utf-8", "surrogateescape")


_STDERR = 2
_capturing = Lock()  # there is one standard error for all threads

# First words of the messages of libjpeg, found by running it on damaged streams.
_OF_LIBJPEG = re.compile(
    rb"(Application transferred|Bogus|Corrupt JPEG|Empty|Huffman table|Improper|Inconsistent|"
    rb"Invalid|Missing|Not a JPEG|Premature end|Quantization table|Sampling factors|Sorry|"
    rb"Unknown|Unsupported|Wrong JPEG)[\x20-\x7e]*\n"
)


@contextmanager
def decoder_output() -> Iterator[list[str]]:
    """Capture the messages of libjpeg; the list has its lines once the block has ended.

    libjpeg, inside GDCM, goes on where a stream is damaged, and reports it on standard error alone.
    Output of other threads appears when the block ends. One thread at a time is in such a block.
    """
    lines: list[str] = []
    with _capturing, TemporaryFile() as file:
        try:
            screen = os.dup(_STDERR)
        except OSError:  # a service that was started without one
            yield lines
            return
        _flush()
        os.dup2(file.fileno(), _STDERR)
        try:
            yield lines
        finally:
            _flush()
            os.dup2(screen, _STDERR)
            os.close(screen)
            file.seek(0)
            for line in file.read().splitlines(keepends=True):
                if _OF_LIBJPEG.fullmatch(line):
                    lines.append(line.decode().strip())
                else:
                    os.write(_STDERR, line)


def _flush() -> None:
    if sys.stderr is not None:
        sys.stderr.flush()
