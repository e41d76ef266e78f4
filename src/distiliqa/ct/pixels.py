"""Decode the stored pixels of one DICOM frame, whatever the transfer syntax."""

from __future__ import annotations

from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.pixels import get_decoder, pixel_array
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
)

from distiliqa.ct import jpeg12
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError

# Packages under permissive licences; pylibjpeg-libjpeg, which pydicom also suggests, is GPL.
_DECODER_PACKAGES = (
    (JPEGTransferSyntaxes, "python-gdcm"),
    (JPEGLSTransferSyntaxes, "pyjpegls"),
    (JPEG2000TransferSyntaxes, "pylibjpeg pylibjpeg-openjpeg"),
)

jpeg12.register()


def decode(source: Source, frame: int, syntax: UID) -> NDArray[np.generic]:
    """Decode one frame to its stored values, (rows, columns), before any rescale.

    Only this frame is read where the file allows it, and nothing is kept.

    Raises
    ------
    CTReadError : on a transfer syntax without a decoder, and on pixels that are missing, cut
        short or damaged.
    """
    _require_decoder(source, syntax)
    try:
        with source.open() as stream:
            # A deflated file is one compressed stream: no frame can be found in it without reading.
            deflated = syntax == DeflatedExplicitVRLittleEndian
            pixels = dcmread(stream, force=True) if deflated else cast(BinaryIO, stream)
            return pixel_array(pixels, index=frame, transfer_syntax_uid=syntax)
    except Exception as error:  # decoders raise whatever they like
        raise CTReadError(
            f"the pixels cannot be decoded ({error})",
            path=source.name,
            remedy="the file is cut short or damaged: copy or export it again",
        ) from error


def _require_decoder(source: Source, syntax: UID) -> None:
    try:
        decoder = get_decoder(syntax)
    except NotImplementedError as error:
        raise CTReadError(
            f"transfer syntax {syntax.name} is not supported",
            path=source.name,
            remedy="export the series uncompressed (Explicit VR Little Endian)",
        ) from error
    if not decoder.is_available:
        packages = next((names for group, names in _DECODER_PACKAGES if syntax in group), "pydicom")
        raise CTReadError(
            f"no decoder for transfer syntax {syntax.name}",
            path=source.name,
            remedy=f"pip install {packages}",
        )
