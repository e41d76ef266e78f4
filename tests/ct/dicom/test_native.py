from __future__ import annotations

import numpy as np
import pydicom
import pytest
from pydicom.uid import ImplicitVRLittleEndian

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError


@pytest.fixture
def no_pydicom(monkeypatch):
    """Let whatever is left to pydicom fail."""

    def decode(*args):
        raise AssertionError("decoded by pydicom")

    monkeypatch.setattr("distiliqa.ct.dicom.read.decode", decode)


@pytest.fixture
def by_pydicom(monkeypatch):
    """Whether pydicom was asked, and what it gave."""
    import distiliqa.ct.dicom.read as module

    asked, decode = [], module.decode
    monkeypatch.setattr(module, "decode", lambda *args: asked.append(1) or decode(*args))
    return asked


def test_plain_pixels_are_read_where_they_lie(tmp_path, write_ct, body, read_one, no_pydicom):
    np.testing.assert_array_equal(read_one(write_ct(tmp_path / "a.dcm", body)).hu, body)


def test_implicit_pixels_are_read_where_they_lie(tmp_path, write_ct, body, read_one, no_pydicom):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
    bare = pydicom.Dataset(dict(dataset.items()))
    bare.file_meta = dataset.file_meta
    bare.save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(read_one(path).hu, body)


@pytest.mark.parametrize("signed", [0, 1])
def test_what_is_in_unused_bits_does_not_count(tmp_path, write_ct, body, read_one, signed):
    path = write_ct(tmp_path / "a.dcm", body, BitsStored=13, HighBit=12, PixelRepresentation=signed)
    dataset = pydicom.dcmread(path)
    dirty = np.frombuffer(dataset.PixelData, "<u2") ^ 0xA000
    dataset.PixelData = dirty.tobytes()
    dataset.save_as(path)
    np.testing.assert_array_equal(read_one(path).hu, body)


@pytest.mark.parametrize(("stored", "high"), [(12, 15), (16, 11)])
def test_pixels_in_other_than_the_lowest_bits_are_refused(tmp_path, write_ct, body, stored, high):
    path = write_ct(tmp_path / "a.dcm", body, BitsStored=stored, HighBit=high)
    with pytest.raises(CTReadError, match=f"High Bit {high} does not go with {stored} Bits Stored"):
        index_ct(path)


@pytest.mark.parametrize("tags", [{"BitsAllocated": 8}, {"Rows": 32}, {"NumberOfFrames": 2}])
def test_all_else_is_left_to_pydicom(tmp_path, write_ct, body, by_pydicom, tags):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    dataset.update({"BitsStored": 8, "HighBit": 7} if "BitsAllocated" in tags else {})
    dataset.update(tags)
    dataset.save_as(path)
    try:
        index_ct(path).slices[0].read()
    except CTReadError:
        assert tags == {"NumberOfFrames": 2}  # the pixels of the second are not there
    assert by_pydicom


def test_a_file_that_was_rewritten_since_is_read_anew(tmp_path, write_ct, body, by_pydicom):
    path = write_ct(tmp_path / "a.dcm", body)
    (ref,) = index_ct(path).slices
    write_ct(path, body, SeriesDescription="pushes the pixels along")
    np.testing.assert_array_equal(ref.read().hu, body)
    assert by_pydicom


def test_a_file_that_was_cut_since_is_an_error(tmp_path, write_ct, body):
    path = write_ct(tmp_path / "a.dcm", body)
    (ref,) = index_ct(path).slices
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(CTReadError, match="cut short or damaged"):
        ref.read()
