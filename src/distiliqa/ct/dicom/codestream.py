"""Headers of compressed images, to compare them with the DICOM header before they are decoded.

No pixels are decoded. Of RLE, which has no size in its header, the decoded bytes are counted.
"""

from __future__ import annotations

import math
import re
import struct
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

_J2K_START = b"\xff\x4f\xff\x51"  # SOC, then at once SIZ
_JPEG_START = b"\xff\xd8"
_END_AND_START = re.compile(rb"\xff\xd9\x00{0,8}(?:\xff\xd8\xff|\xff\x4f\xff\x51)")
_START_OF_SCAN = 0xDA

# Tables (DHT, DQT, DRI, and LSE of JPEG-LS), application data and comments.
_BEFORE_THE_SCAN = {0xC4, 0xDB, 0xDD, 0xF8, *range(0xE0, 0xF0), 0xFE}

# Start of frame: of all JPEG processes (C4, C8 and CC are other segments), and of JPEG-LS.
_JPEG_LS_FRAME = 0xF7
_START_OF_FRAME = {*range(0xC0, 0xD0), _JPEG_LS_FRAME} - {0xC4, 0xC8, 0xCC}
_LOSSLESS_JPEG_FRAMES = {0xC3, 0xC7, 0xCB, 0xCF}  # T.81, table B.1; all others use the DCT

# Markers of JPEG 2000 (T.800, table A.2).
_COD, _COC, _SOT, _SOD = 0xFF52, 0xFF53, 0xFF90, 0xFF93
_TRANSFORM_AT = {_COD: 13, _COC: 10}  # byte of the wavelet, from the marker; T.800, A.6.1 and A.6.2
_REVERSIBLE = 1  # the 5-3 wavelet; T.800, table A.20
_MIN_TILE_PART_BYTES = 14  # SOT and SOD

# Steps of a walk over a stream, which could otherwise be as many as it has bytes. JPEG has some ten
# segments. JPEG 2000 has three a part of a tile, and a tile has at least 64 x 64 pixels.
_MAX_SEGMENTS, _MAX_MARKERS = 1000, 100_000


class Codestream(NamedTuple):
    """Size and coding of a compressed image.

    Attributes
    ----------
    rows, columns, samples : size of the image, and values a pixel.
    precision : bits of a value.
    lossy : whether the coding loses pixel values.
    """

    rows: int
    columns: int
    samples: int
    precision: int
    lossy: bool


def read_codestream(encoded: bytes) -> Codestream:
    """Read the size and the coding of a JPEG, JPEG-LS, JPEG 2000 or HTJ2K image from its headers.

    Sources: ITU-T T.81, B.2; T.87, C.2; T.800, A.4 to A.6. Raises `ValueError` on damage.
    """
    try:
        if encoded.startswith(_JPEG_START):
            return _read_jpeg(encoded)
        if (start := encoded.find(_J2K_START)) >= 0:
            return _read_jpeg_2000(encoded, start + 2)
    except struct.error as error:
        raise ValueError("the compressed image is cut short") from error
    raise ValueError("no compressed image where one should begin")


def holds_another(encoded: bytes) -> bool:
    """Whether a second image follows the end of the first."""
    return _END_AND_START.search(encoded) is not None


def _read_jpeg(encoded: bytes) -> Codestream:
    """Walk all segments up to the scan: GDCM ends the process on a segment out of place."""
    found, frame, place = None, 0, len(_JPEG_START)
    for _ in range(_MAX_SEGMENTS):
        begin, marker, length = struct.unpack_from(">BBH", encoded, place)
        if begin == 0xFF and marker == _START_OF_SCAN:
            break
        if begin == 0xFF and marker in _START_OF_FRAME:
            found, frame = struct.unpack_from(">BHHB", encoded, place + 4), marker
        elif begin != 0xFF or marker not in (0xFF, *_BEFORE_THE_SCAN):
            raise ValueError("the segments of the compressed image are damaged")
        place += 1 if marker == 0xFF else 2 + length  # markers may be filled up with FF
    else:
        raise ValueError("the compressed image has too many segments")
    if found is None:
        raise ValueError("the compressed image has no frame header")
    precision, rows, columns, samples = found
    return Codestream(rows, columns, samples, precision, _is_lossy_scan(encoded, place, frame))


def _is_lossy_scan(encoded: bytes, place: int, frame: int) -> bool:
    """Whether a scan loses part of the pixel values.

    JPEG-LS allows an error of NEAR (T.87, C.2.3). The point transform of JPEG-LS and lossless JPEG
    shifts bits out (T.81, H.1.2.1).
    """
    (count,) = struct.unpack_from(">B", encoded, place + 4)
    near, _, approximation = struct.unpack_from(">3B", encoded, place + 5 + 2 * count)
    if frame == _JPEG_LS_FRAME:
        return bool(near or approximation & 0x0F)
    return frame not in _LOSSLESS_JPEG_FRAMES or bool(approximation & 0x0F)


def _read_jpeg_2000(encoded: bytes, place: int) -> Codestream:
    right, bottom, left, top, width, height, tile_left, tile_top = struct.unpack_from(
        ">8I", encoded, place + 6
    )
    samples, depth = struct.unpack_from(">HB", encoded, place + 38)
    if not (width and height):
        raise ValueError("the segments of the compressed image are damaged")
    tiles = math.ceil((right - tile_left) / width) * math.ceil((bottom - tile_top) / height)
    lossy = _read_tiles(encoded, place, tiles)
    return Codestream(bottom - top, right - left, samples, (depth & 0x7F) + 1, lossy)


def _read_tiles(encoded: bytes, place: int, tiles: int) -> bool:
    """Whether the image or one of its ``tiles`` is lossy; ``place`` is the offset of SIZ.

    A tile may have another wavelet than the image, and a component another than its tile. Raises
    `ValueError` on missing tiles or parts of tiles, which OpenJPEG makes black.
    """
    lossy, found, declared = False, Counter[int](), dict[int, int]()
    for marker, at in _markers(encoded, place):
        if marker in _TRANSFORM_AT:
            lossy |= encoded[at + _TRANSFORM_AT[marker]] != _REVERSIBLE
        elif marker == _SOT:
            tile, parts = struct.unpack_from(">H5xB", encoded, at + 4)
            found[tile] += 1
            declared[tile] = max(declared.get(tile, 0), parts)  # 0: not stated in this part
    if len(found) < tiles:
        raise ValueError(f"the compressed image lacks {tiles - len(found)} of its {tiles} tiles")
    if any(found[tile] < parts for tile, parts in declared.items()):
        raise ValueError("the compressed image lacks parts of its tiles")
    return lossy


def _markers(encoded: bytes, place: int) -> Iterator[tuple[int, int]]:
    """Yield the markers of the main header and of the tile headers, with offsets, from SIZ on."""
    tile, tile_bytes = place, 0
    for _ in range(_MAX_MARKERS):
        if place + 2 > len(encoded):
            return
        (marker,) = struct.unpack_from(">H", encoded, place)
        if marker == _SOT:
            tile, (tile_bytes,) = place, struct.unpack_from(">I", encoded, place + 6)
        if marker == _SOD:
            if tile_bytes < _MIN_TILE_PART_BYTES:  # 0: the last tile, up to the end of the image
                return
            place = tile + tile_bytes
        elif not 0xFF50 <= marker <= 0xFF90:
            return  # the end of the image, or damage that the decoder reports
        else:
            yield marker, place
            place += 2 + struct.unpack_from(">H", encoded, place + 2)[0]
    raise ValueError("the compressed image has too many segments")


_RLE_HEADER = struct.Struct("<16L")  # number of segments, and where each begins
_NO_OPERATION = 128


def check_rle(encoded: bytes, rows: int, columns: int) -> None:
    """Raise `ValueError` on RLE (PS3.5, annex G) with a damaged header or too many pixels.

    Two bytes can become 128. A segment has one byte of each pixel; up to a row more is allowed. The
    decoder reports one that is too short.
    """
    if len(encoded) < _RLE_HEADER.size:
        raise ValueError("the compressed image is cut short")
    count, *offsets = _RLE_HEADER.unpack_from(encoded)
    if count > len(offsets):
        raise ValueError(f"the compressed image has {count} segments")
    max_bytes = (rows + 1) * columns - 1
    for start, end in pairwise([*offsets[:count], len(encoded)]):
        if _decoded_length(encoded, start, min(end, len(encoded)), max_bytes) > max_bytes:
            raise ValueError(
                f"the compressed image has more pixels than the {rows} x {columns} of the header"
            )


def _decoded_length(encoded: bytes, place: int, end: int, max_bytes: int) -> int:
    """Bytes of a segment after decoding, counted up to ``max_bytes``."""
    length = 0
    while place < end and length <= max_bytes:
        control = encoded[place]
        if control < _NO_OPERATION:  # control + 1 bytes follow
            length += min(control + 1, end - place - 1)
            place += control + 2
        elif control > _NO_OPERATION:  # the next byte is repeated
            length += 257 - control
            place += 2
        else:
            place += 1
    return length
