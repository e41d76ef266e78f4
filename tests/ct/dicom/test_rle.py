from __future__ import annotations

import resource
import struct

import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import RLELossless

from distiliqa.ct import index_ct
from distiliqa.ct.dicom.rle import check_rle
from distiliqa.errors import CTReadError


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


def test_a_frame_that_would_fill_the_memory_is_refused_before(tmp_path, write_ct, body):
    """8 MiB that would become 512 MiB."""
    dataset = pydicom.dcmread(write_ct(tmp_path / "a.dcm", body))
    dataset.compress(RLELossless)
    dataset.PixelData = encapsulate([frame(bytes([257 - 128, 7]) * (4 << 20))])
    dataset.save_as(tmp_path / "a.dcm")
    (ref,) = index_ct(tmp_path / "a.dcm").slices
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CTReadError, match="more pixels than the 64 x 64 of the header"):
        ref.read()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200 << 10  # KiB
