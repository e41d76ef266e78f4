"""Decode the stored pixels of one DICOM frame, whatever the transfer syntax."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.pixels import get_decoder, pixel_array
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from distiliqa.ct.dicom import decoders
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError

decoders.register()


def decode(source: Source, frame: int, syntax: UID) -> tuple[NDArray[np.generic], list[str]]:
    """Decode one frame to its stored values, (rows, columns), before any rescale.

    Only this frame is read where the file allows it, and nothing is kept. The second value is what
    a reader of the pixels should know, such as `LOSSY`: the compressed image decides that, neither
    the transfer syntax nor a tag.

    Raises
    ------
    CTReadError : on a transfer syntax without a decoder, and on pixels that are missing, cut
        short or damaged.
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
    except Exception as error:  # decoders raise whatever they like
        reason = str(error).split("\n")[-1].strip()  # pydicom puts lines of its own before it
        reason = reason.removeprefix(f"{decoders.PLUGIN}: ")
        raise CTReadError(
            f"the pixels cannot be decoded ({reason})",
            path=source.name,
            remedy="the file is cut short or damaged: copy or export it again",
        ) from error


def _plugin_for(source: Source, syntax: UID) -> str:
    """Name of the plug-in that decodes; empty where pydicom needs none or has its own."""
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
