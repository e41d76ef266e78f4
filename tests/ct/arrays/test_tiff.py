from __future__ import annotations

import json
import lzma
import struct
import zlib

import numpy as np
import pytest
import tifffile

from distiliqa.ct import index_ct
from distiliqa.ct.arrays import tiff
from distiliqa.ct.arrays.tiff import read_tiff
from distiliqa.errors import CTReadError, NotCTError


def test_challenge_images_are_scaled_to_hu(tmp_path, body, read_one):
    path = tmp_path / "0001.tiff"
    values = ((body.clip(-1000, 400) + 1000) / 1400).astype(np.float32)
    tifffile.imwrite(path, values)
    np.testing.assert_allclose(read_one(path).hu, body.clip(-1000, 400), atol=1e-3)


def test_challenge_images_that_a_denoiser_left_beyond_the_ends_are_too(tmp_path, body, read_one):
    values = ((body.clip(-1000, 400) + 1000) / 1400).astype(np.float32)
    values[0, 0], values[1, 1] = -0.0005, 1.01
    tifffile.imwrite(tmp_path / "a.tif", values)
    np.testing.assert_allclose(read_one(tmp_path / "a.tif").hu, 1400 * values - 1000, atol=1e-3)


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_other_values_are_hu(tmp_path, body, read_one, dtype):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, body.astype(dtype))
    np.testing.assert_array_equal(read_one(path).hu, body)


def test_pages_are_slices_of_one_series(tmp_path, body):
    path = tmp_path / "a.tif"
    stack = np.stack([body, body + 1, body + 2]).astype(np.int16)
    tifffile.imwrite(path, stack, photometric="minisblack")
    refs = index_ct(path).slices
    assert [ref.frame for ref in refs] == [0, 1, 2]
    assert {ref.series for ref in refs} == {str(path)}
    np.testing.assert_array_equal([ref.read().hu for ref in refs], stack)


@pytest.mark.parametrize("how", [{"truncate": True}, {"volumetric": True, "tile": (3, 64, 64)}])
def test_images_without_a_page_of_their_own_are_refused(tmp_path, body, how):
    stack = np.stack([body, body + 1, body + 2]).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", **how)
    with pytest.raises(CTReadError, match="a page of the TIFF holds several images; save one a"):
        index_ct(tmp_path / "a.tif")


@pytest.mark.parametrize("how", [{"bigtiff": True}, {"byteorder": ">"}, {"rowsperstrip": 7}])
@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("tile", [None, (48, 48)])
def test_every_layout_reads(tmp_path, body, how, compression, tile):
    stack = np.stack([body, body + 1]).astype(np.int16)
    options = {"photometric": "minisblack", "compression": compression, "tile": tile} | how
    tifffile.imwrite(tmp_path / "a.tif", stack, **options)
    np.testing.assert_array_equal(
        [ref.read().hu for ref in index_ct(tmp_path / "a.tif").slices], stack
    )


def test_single_images_of_a_folder_are_one_series_in_natural_order(tmp_path, body):
    for number in (10, 9, 2):
        tifffile.imwrite(tmp_path / f"slice{number}.tif", body.astype(np.int16))
    refs = index_ct(tmp_path).slices
    assert [ref.path for ref in refs] == [str(tmp_path / f"slice{n}.tif") for n in (2, 9, 10)]
    assert {ref.series for ref in refs} == {str(tmp_path)}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((64, 64), np.uint8), "uint8 hold no HU; save HU as float32"),
        (np.zeros((64, 64, 3), np.uint16), "color"),
    ],
)
def test_pictures_are_refused_with_a_remedy(tmp_path, values, reason):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, values, photometric="rgb" if values.ndim == 3 else "minisblack")
    with pytest.raises(NotCTError, match=reason):
        index_ct(path)


def test_nan_is_an_error(tmp_path, body):
    values = body.astype(np.float32)
    values[5, 5] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", values)
    with pytest.raises(CTReadError, match="nan or infinite"):
        index_ct(tmp_path / "a.tif").slices[0].read()


def test_damaged_files_are_errors(tmp_path, body):
    path = tmp_path / "a.tif"
    path.write_text("not a TIFF")
    with pytest.raises(CTReadError, match="the TIFF cannot be read"):
        index_ct(path)
    tifffile.imwrite(path, body.astype(np.float32))
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(CTReadError, match="the TIFF cannot be read"):
        index_ct(path).slices[0].read()


def test_a_tiny_image_is_an_error(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((1, 1), np.float32))
    with pytest.raises(CTReadError, match="1 x 1 pixels is too small"):
        index_ct(tmp_path / "a.tif")


def test_the_challenge_images_show_soft_tissue(shared_data):
    folder = shared_data / "ct-dev" / "ldctiqac2023"
    (ratings,) = folder.glob("*.json")
    index = index_ct(folder)
    assert len(index.slices) == len(json.loads(ratings.read_text()))
    for ref in index.slices:
        hu = ref.read().hu
        assert (hu.min(), hu.max()) == (-1000, 400)
        middle = hu[128:384, 128:384]
        assert ((middle > -150) & (middle < 300)).mean() > 0.7


def page(strip, next_page, *, compression=1, side=64, rows=None, more=()):
    """One page of a TIFF in the order of the file, int16, of one strip (offset, bytes)."""
    tags = {256: side, 257: side, 258: 16, 259: compression, 262: 1, 273: strip[0]}
    tags |= {277: 1, 278: rows or side, 279: strip[1], 339: 2, **dict(more)}
    entries = (struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return struct.pack("<H", len(tags)) + b"".join(entries) + struct.pack("<I", next_page)


PAGE_BYTES = len(page((0, 0), 0))


def chain(path, strip, nexts, **fields):
    """A file of one strip and pages that all show it, in a list."""
    start = 8 + len(strip) + len(strip) % 2
    pages = (page((8, len(strip)), n and start + (n - 1) * PAGE_BYTES, **fields) for n in nexts)
    body = strip.ljust(start - 8, b"\0")
    path.write_bytes(struct.pack("<2sHI", b"II", 42, start) + body + b"".join(pages))
    return path


@pytest.fixture
def strip(body):
    return body.astype("<i2").tobytes()


def test_pages_made_by_hand_read(tmp_path, body, strip):
    refs = index_ct(chain(tmp_path / "a.tif", strip, [2, 3, 0])).slices
    np.testing.assert_array_equal([ref.read().hu for ref in refs], [body] * 3)


@pytest.mark.parametrize("nexts", [[1], [2, 1], [*range(2, 151), 120], [2, 9]])
def test_a_list_of_pages_that_leads_back_or_away_is_refused(tmp_path, strip, nexts):
    with pytest.raises(CTReadError, match="leads back or out of the file"):
        index_ct(chain(tmp_path / "a.tif", strip, nexts))


def test_a_hundred_thousand_pages_are_refused_before_they_are_read(tmp_path, strip, monkeypatch):
    read = []
    fromfile = tifffile.TiffPage.__init__
    count = lambda *args, **kwargs: read.append(1) or fromfile(*args, **kwargs)  # noqa: E731
    monkeypatch.setattr(tifffile.TiffPage, "__init__", count)
    path = chain(tmp_path / "a.tif", strip, [*range(2, 100_001), 0])
    with pytest.raises(CTReadError, match="slices are more than any series has"):
        index_ct(path)
    assert len(read) == 1


def test_a_page_is_found_without_reading_those_before(tmp_path, strip, monkeypatch):
    refs = index_ct(chain(tmp_path / "a.tif", strip, [*range(2, 301), 0])).slices
    seeks = []
    seek = tifffile.FileHandle.seek
    count = lambda *args, **kwargs: seeks.append(1) or seek(*args, **kwargs)  # noqa: E731
    monkeypatch.setattr(tifffile.FileHandle, "seek", count)
    refs[-1].read()
    assert len(seeks) < 30


PACKBITS = {"compression": 32773}


@pytest.mark.parametrize(
    ("pack", "fields"),
    [
        (zlib.compress, {"compression": 8}),
        (lzma.compress, {"compression": 34925}),
        (lambda b: b"".join(b"\x7f" + b[n : n + 128] for n in range(0, len(b), 128)), PACKBITS),
    ],
)
def test_strips_hold_the_bytes_that_the_page_states(tmp_path, body, strip, pack, fields):
    path = chain(tmp_path / "a.tif", pack(strip), [0], **fields)
    np.testing.assert_array_equal(index_ct(path).slices[0].read().hu, body)
    for wrong in (strip[:-200], strip + bytes(1 << 20)):
        path = chain(tmp_path / "a.tif", pack(wrong), [0], **fields)
        with pytest.raises(CTReadError, match=r"a strip or tile of other than 8192|bytes for a"):
            index_ct(path).slices[0].read()


def test_strips_that_are_not_there_are_no_zeros(tmp_path, body, strip):
    path = tmp_path / "a.tif"
    for count, problem in ((4096, "other than 8192"), (1 << 30, "beyond the end"), (0, "other")):
        path.write_bytes(chain(path, strip, [0]).read_bytes()[:-PAGE_BYTES] + page((8, count), 0))
        with pytest.raises(CTReadError, match=problem):
            index_ct(path).slices[0].read()
    path = chain(path, strip, [0], rows=32)
    with pytest.raises(CTReadError, match="1 of 2 strips or tiles"):
        index_ct(path).slices[0].read()


@pytest.mark.parametrize("side", [16, 60_000])
def test_all_pages_are_checked_and_not_only_the_first(tmp_path, strip, side):
    path = chain(tmp_path / "a.tif", strip, [2])
    path.write_bytes(path.read_bytes() + page((8, len(strip)), 0, side=side))
    first, second = index_ct(path).slices
    first.read()
    with pytest.raises(CTReadError, match="pixels is too"):
        second.read()


def test_a_challenge_stack_of_pages_that_fill_the_memory_is_refused(tmp_path, strip, monkeypatch):
    monkeypatch.setattr(tiff, "MAX_DECODED_BYTES", 2 * len(strip))
    assert read_tiff(chain(tmp_path / "a.tif", strip, [2, 0])).shape == (2, 64, 64)
    with pytest.raises(CTReadError, match="GB of pages"):
        read_tiff(chain(tmp_path / "a.tif", strip, [2, 3, 0]))
