"""What a compressed image says of itself, to be held against what the DICOM header says of it."""

from __future__ import annotations

import struct
from typing import NamedTuple

_J2K_START = b"\xff\x4f\xff\x51"  # SOC, then at once SIZ
_JPEG_START = b"\xff\xd8"
_START_OF_SCAN = 0xDA

# Tables (DHT, DQT, DRI, and LSE of JPEG-LS), application data and comments.
_BEFORE_THE_SCAN = {0xC4, 0xDB, 0xDD, 0xF8, *range(0xE0, 0xF0), 0xFE}

# Start of frame: of all JPEG processes (C4, C8 and CC are other segments), and of JPEG-LS.
_START_OF_FRAME = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}


class Codestream(NamedTuple):
    """Size of the image in a codestream; ``precision`` is in bits."""

    rows: int
    columns: int
    samples: int
    precision: int


def read_codestream(encoded: bytes) -> Codestream:
    """Read the size of a JPEG, JPEG-LS, JPEG 2000 or HTJ2K image from its own header.

    Sources: ITU-T T.81, B.2.2; T.87, C.2.2; T.800, A.5.1. Raises `ValueError` where there is none.
    """
    try:
        if encoded.startswith(_JPEG_START):
            return _read_jpeg(encoded)
        if (start := encoded.find(_J2K_START)) >= 0:
            return _read_jpeg_2000(encoded, start + len(_J2K_START))
    except struct.error as error:
        raise ValueError("the compressed image is cut short") from error
    raise ValueError("no compressed image where one should begin")


def _read_jpeg(encoded: bytes) -> Codestream:
    """Walk all segments up to the scan: GDCM ends the process where one should not be there."""
    found, place = None, len(_JPEG_START)
    while True:
        begin, marker, length = struct.unpack_from(">BBH", encoded, place)
        if begin == 0xFF and marker == _START_OF_SCAN:
            break
        if begin == 0xFF and marker in _START_OF_FRAME:
            precision, rows, columns, samples = struct.unpack_from(">BHHB", encoded, place + 4)
            found = Codestream(rows, columns, samples, precision)
        elif begin != 0xFF or marker not in (0xFF, *_BEFORE_THE_SCAN):
            raise ValueError("the segments of the compressed image are damaged")
        place += 1 if marker == 0xFF else 2 + length  # markers may be filled up with FF
    if found is None:
        raise ValueError("the compressed image has no frame header")
    return found


def _read_jpeg_2000(encoded: bytes, place: int) -> Codestream:
    right, bottom, left, top = struct.unpack_from(">4I", encoded, place + 4)
    samples, depth = struct.unpack_from(">HB", encoded, place + 36)
    return Codestream(bottom - top, right - left, samples, (depth & 0x7F) + 1)
