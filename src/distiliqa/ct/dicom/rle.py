"""How long a frame of DICOM's run-length encoding gets (PS3.5, annex G), before it is decoded.

Its headers hold no size of the image, and two bytes can become 128.
"""

from __future__ import annotations

import struct
from itertools import pairwise

_HEADER = struct.Struct("<16L")  # number of segments, and where each begins
_NO_OPERATION = 128


def check_rle(encoded: bytes, rows: int, columns: int) -> None:
    """Raise `ValueError` where a segment holds a row more than the image, or the header is damaged.

    A segment holds one byte of each pixel. One that is too short is left to the decoder.
    """
    if len(encoded) < _HEADER.size:
        raise ValueError("the compressed image is cut short")
    count, *offsets = _HEADER.unpack_from(encoded)
    if count > len(offsets):
        raise ValueError(f"the compressed image has {count} segments")
    max_bytes = (rows + 1) * columns - 1
    for start, end in pairwise([*offsets[:count], len(encoded)]):
        if _decoded_length(encoded, start, min(end, len(encoded)), max_bytes) > max_bytes:
            raise ValueError(
                f"the compressed image has more pixels than the {rows} x {columns} of the header"
            )


def _decoded_length(encoded: bytes, place: int, end: int, max_bytes: int) -> int:
    """Bytes that a segment decodes to; counted as far as ``max_bytes``."""
    length = 0
    while place < end and length <= max_bytes:
        control = encoded[place]
        if control < _NO_OPERATION:  # so many bytes and one follow
            length += min(control + 1, end - place - 1)
            place += control + 2
        elif control > _NO_OPERATION:  # the next byte is repeated
            length += 257 - control
            place += 2
        else:
            place += 1
    return length
