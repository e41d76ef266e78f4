"""12-bit lossy JPEG (JPEG Extended, processes 2 and 4) through GDCM, as a plug-in for pydicom.

pydicom's own GDCM plug-in leaves this syntax out, and the other decoder it offers is GPL. The
names that pydicom looks for in a plug-in module are `is_available`, `DECODER_DEPENDENCIES` and
the decoding function.
"""

from __future__ import annotations

from importlib.util import find_spec

from pydicom.pixels import get_decoder
from pydicom.pixels.decoders.base import DecodeRunner
from pydicom.uid import JPEGExtended12Bit

DECODER_DEPENDENCIES = {JPEGExtended12Bit: ("gdcm>=3.0.10",)}


def is_available(uid: str) -> bool:
    """Whether this plug-in can decode the transfer syntax ``uid`` here."""
    return uid in DECODER_DEPENDENCIES and find_spec("gdcm") is not None


def decode_frame(source: bytes, runner: DecodeRunner) -> bytes:
    """Decode one encoded frame to bytes of ``runner``'s rows, columns and bits allocated."""
    import gdcm

    fragment = gdcm.Fragment()
    fragment.SetByteStringValue(source)
    fragments = gdcm.SequenceOfFragments.New()
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    image = gdcm.Image()
    image.SetNumberOfDimensions(2)
    image.SetDimensions((runner.columns, runner.rows, 1))
    image.SetPhotometricInterpretation(
        gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.MONOCHROME2)
    )
    image.SetPixelFormat(
        gdcm.PixelFormat(
            1,
            runner.bits_allocated,
            runner.bits_stored,
            runner.bits_stored - 1,
            runner.pixel_representation,
        )
    )
    image.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGExtendedProcess2_4))
    image.SetDataElement(element)
    # GDCM hands bytes out as text in which it has escaped what is not UTF-8.
    return image.GetBuffer().encode("utf-8", "surrogateescape")


def register() -> None:
    """Add the plug-in to pydicom's decoder, once."""
    decoder = get_decoder(JPEGExtended12Bit)
    if "gdcm-12-bit" not in (*decoder.available_plugins, *decoder._unavailable):
        decoder.add_plugin("gdcm-12-bit", (__name__, "decode_frame"))
