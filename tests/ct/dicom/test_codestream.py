from __future__ import annotations

import io
import struct

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from distiliqa.ct import index_ct
from distiliqa.ct.dicom import decoders
from distiliqa.ct.dicom.codestream import check_rle, read_codestream
from distiliqa.errors import CTReadError

# Start of image; a comment; FF that fills up; start of frame of the lossless process: 12 bits,
# 300 rows, 200 columns, one sample; start of scan, of predictor 1.
JPEG = bytes.fromhex("FFD8 FFFE0004AAAA FF FFC3000B 0C 012C 00C8 01 011100 FFDA0008010100010000")


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless])
def test_the_size_is_that_of_the_image(tmp_path, write_ct, body, syntax):
    dataset = pydicom.dcmread(write_ct(tmp_path / "a.dcm", body[:40]))
    dataset.compress(syntax)
    encoded = get_frame(dataset.PixelData, 0, number_of_frames=1)
    assert read_codestream(encoded) == (40, 64, 1, 16, False)


def test_segments_before_the_frame_header_are_passed_over():
    assert read_codestream(JPEG) == (300, 200, 1, 12, False)


@pytest.mark.parametrize(
    ("encoded", "says"),
    [
        (b"", "no compressed image"),
        (b"not an image", "no compressed image"),
        (JPEG[:-19], "cut short"),
        (JPEG[:-1], "cut short"),
        (JPEG.replace(b"\xff\xda", b"\x00\xda"), "damaged"),
        (b"\xff\x4f\xff\x51\x00", "cut short"),
        (b"\xff\xd8\xff\xda\x00\x02", "no frame header"),
        (b"\xff\xd8not a marker", "damaged"),
        (JPEG.replace(b"\xff\xfe", b"\xff\xd4"), "damaged"),  # a restart before the scan
    ],
)
def test_what_is_no_image_is_an_error(encoded, says):
    with pytest.raises(ValueError, match=says):
        read_codestream(encoded)


def tiled(parts: int = 1) -> tuple[bytes, int]:
    """An image of four tiles that state ``parts`` parts, and the place of the last tile."""
    stream = io.BytesIO()
    image = Image.fromarray(np.zeros((64, 64), np.uint16))
    image.save(stream, "JPEG2000", irreversible=False, tile_size=(32, 32), no_jp2=True)
    encoded = bytearray(stream.getvalue())
    places = [
        place for place in range(len(encoded)) if encoded[place:].startswith(b"\xff\x90\0\x0a")
    ]
    for place in places:
        encoded[place + 11] = parts
    return bytes(encoded), places[-1]


@pytest.mark.parametrize("end", [b"", b"\xff\xd9"])
def test_tiles_that_are_missing_are_an_error(end):
    encoded, last = tiled()
    assert read_codestream(encoded) == (64, 64, 1, 16, False)
    with pytest.raises(ValueError, match="lacks 1 of its 4 tiles"):
        read_codestream(encoded[:last] + end)


def test_parts_of_tiles_that_are_missing_are_an_error():
    with pytest.raises(ValueError, match="lacks parts of its tiles"):
        read_codestream(tiled(parts=2)[0])


def test_tiles_without_a_size_are_an_error():
    encoded = bytearray(tiled()[0])
    place = encoded.index(b"\xff\x51") + 22
    encoded[place : place + 4] = bytes(4)
    with pytest.raises(ValueError, match="damaged"):
        read_codestream(bytes(encoded))


@pytest.mark.parametrize("size", [14, 13, 0])
def test_tiles_that_lead_nowhere_end_the_walk(size):
    encoded, last = tiled()
    damaged = encoded[: last + 6] + size.to_bytes(4, "big") + encoded[last + 10 :]
    assert read_codestream(damaged).rows == 64


@pytest.mark.parametrize(
    "encoded",
    [
        b"\xff\xd8" + b"\xff" * 5000,
        b"\xff\xd8" + b"\xff\xfe\x00\x02" * 2000,
        tiled()[0][:45] + b"\xff\x64\x00\x02" * 110_000,
    ],
)
def test_a_walk_over_a_stream_has_an_end(encoded):
    with pytest.raises(ValueError, match="too many segments"):
        read_codestream(encoded)


@pytest.fixture
def encoded(tmp_path, write_ct, body) -> bytes:
    dataset = pydicom.dcmread(write_ct(tmp_path / "a.dcm", body))
    dataset.compress(RLELossless)
    return get_frame(dataset.PixelData, 0, number_of_frames=1)


def frame(*segments: bytes) -> bytes:
    starts = np.cumsum([64, *map(len, segments)])[:-1]
    offsets = [*starts, *[0] * (15 - len(segments))]
    return struct.pack("<16L", len(segments), *offsets) + b"".join(segments)


def test_a_frame_as_long_as_its_image_passes(encoded):
    check_rle(encoded, 64, 64)
    check_rle(frame(bytes([257 - 128, 7] * 32)), 64, 64)


@pytest.mark.parametrize("rows", [32, 63])
def test_a_frame_with_more_rows_than_the_header_is_an_error(encoded, rows):
    with pytest.raises(ValueError, match=f"more pixels than the {rows} x 64 of the header"):
        check_rle(encoded, rows, 64)


@pytest.mark.parametrize("damaged", [b"", bytes(63), struct.pack("<16L", 16, *[64] * 15)])
def test_a_damaged_header_is_an_error(damaged):
    with pytest.raises(ValueError, match="the compressed image"):
        check_rle(damaged, 64, 64)


@pytest.mark.parametrize("segment", [b"", b"\x80" * 100, b"\x7f", b"\x81", b"\x00\x01"])
def test_a_segment_that_is_too_short_is_left_to_the_decoder(segment):
    check_rle(frame(segment), 64, 64)


def test_a_frame_that_would_fill_the_memory_is_not_decoded(tmp_path, write_ct, body, monkeypatch):
    """8 MiB that would become 512 MiB."""
    dataset = pydicom.dcmread(write_ct(tmp_path / "a.dcm", body))
    dataset.compress(RLELossless)
    dataset.PixelData = encapsulate([frame(bytes([257 - 128, 7]) * (4 << 20))])
    dataset.save_as(tmp_path / "a.dcm")
    (ref,) = index_ct(tmp_path / "a.dcm").slices
    monkeypatch.setattr(decoders.by_pydicom, "_decode_frame", lambda *_: pytest.fail("decoded"))
    with pytest.raises(CTReadError, match="more pixels than the 64 x 64 of the header"):
        ref.read()
