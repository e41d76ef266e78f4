from __future__ import annotations

import re
from pathlib import Path

import gdcm
import jpeg_ls
import numpy as np
import pydicom
import pytest
from pydicom.pixels.decoders import JPEGLSLosslessDecoder
from pydicom.uid import (
    MPEG2MPML,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError


@pytest.mark.parametrize("syntax", [RLELossless, JPEGLSLossless, JPEG2000Lossless])
def test_lossless_syntaxes_give_the_same_hu(tmp_path, write_ct, body, read_one, syntax):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    dataset.compress(syntax, generate_instance_uid=False)
    dataset.save_as(path)
    np.testing.assert_array_equal(read_one(path).hu, body)


@pytest.mark.parametrize("process", ["JPEGLosslessProcess14", "JPEGLosslessProcess14_1"])
def test_lossless_jpeg_gives_the_same_hu(tmp_path, write_ct, body, read_one, process, transcode):
    path = transcode(write_ct(tmp_path / "a.dcm", body), getattr(gdcm.TransferSyntax, process))
    np.testing.assert_array_equal(read_one(path).hu, body)


def test_12_bit_lossy_jpeg_is_near(tmp_path, write_ct, body, read_one, transcode):
    path = write_ct(tmp_path / "a.dcm", body, BitsStored=12, HighBit=11, PixelRepresentation=0)
    image = read_one(transcode(path, gdcm.TransferSyntax.JPEGExtendedProcess2_4))
    assert np.abs(image.hu - body).max() <= 2


def test_8_bit_lossy_jpeg_is_near(tmp_path, write_ct, body, read_one, transcode):
    path = write_ct(tmp_path / "a.dcm", body, RescaleSlope=8, PixelRepresentation=0)
    dataset = pydicom.dcmread(path)
    dataset.PixelData = dataset.pixel_array.astype(np.uint8).tobytes()
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 8, 8, 7
    dataset.save_as(path)
    image = read_one(transcode(path, gdcm.TransferSyntax.JPEGBaselineProcess1))
    assert np.abs(image.hu - body).max() <= 24


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian]
)
def test_uncompressed_syntaxes_give_the_same_hu(tmp_path, write_ct, body, read_one, syntax):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    if not syntax.is_little_endian:
        dataset.PixelData = dataset.pixel_array.astype(">i2").tobytes()
    dataset.file_meta.TransferSyntaxUID = syntax
    bare = pydicom.Dataset(dict(dataset.items()))
    bare.file_meta = dataset.file_meta
    bare.save_as(path, enforce_file_format=True)
    np.testing.assert_array_equal(read_one(path).hu, body)


def test_a_missing_decoder_is_named(tmp_path, write_ct, body, monkeypatch):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    dataset.compress(JPEGLSLossless)
    dataset.save_as(path)
    monkeypatch.setattr(JPEGLSLosslessDecoder, "_available", {})
    (ref,) = index_ct(path).slices
    with pytest.raises(CTReadError, match=r"no decoder for .*JPEG-LS.*; pip install pyjpegls"):
        ref.read()


def test_a_syntax_that_no_decoder_knows_is_named(tmp_path, write_ct, body):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    dataset.file_meta.TransferSyntaxUID = MPEG2MPML
    dataset.PixelData = pydicom.encaps.encapsulate([b"film"])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
    (ref,) = index_ct(path).slices
    with pytest.raises(CTReadError, match=r"MPEG2 .* is not supported; export"):
        ref.read()


@pytest.mark.parametrize("encode", ["gdcm", "pydicom"])
def test_a_cut_compressed_image_is_an_error(tmp_path, write_ct, body, encode, transcode):
    path = write_ct(tmp_path / "a.dcm", body)
    if encode == "gdcm":
        transcode(path, gdcm.TransferSyntax.JPEGLosslessProcess14_1)
    else:
        dataset = pydicom.dcmread(path)
        dataset.compress(JPEG2000Lossless)
        dataset.save_as(path)
    path.write_bytes(path.read_bytes()[:-2000])
    (ref,) = index_ct(path).slices
    with pytest.raises(CTReadError, match="cut short or damaged"):
        ref.read()


@pytest.mark.parametrize("keep", [100, 3000])
def test_a_cut_jpeg_ls_image_always_ends(tmp_path, write_ct, body, monkeypatch, keep):
    """CharLS reads on for seconds where no marker ends the stream."""
    dataset = pydicom.dcmread(write_ct(tmp_path / "a.dcm", body))
    dataset.compress(JPEGLSLossless)
    encoded = pydicom.encaps.get_frame(dataset.PixelData, 0, number_of_frames=1)[:keep]
    dataset.PixelData = pydicom.encaps.encapsulate([encoded])
    dataset.save_as(tmp_path / "a.dcm")
    decoded, decode = [], jpeg_ls.decode_pixel_data
    monkeypatch.setattr(
        jpeg_ls, "decode_pixel_data", lambda stream: decoded.append(stream) or decode(stream)
    )
    (ref,) = index_ct(tmp_path / "a.dcm").slices
    with pytest.raises(CTReadError, match="cut short or damaged"):
        ref.read()
    assert [stream[-2:] for stream in decoded] == [b"\xff\xd9"]


def damaged_jpeg(path: Path, transcode, change) -> Path:
    transcode(path, gdcm.TransferSyntax.JPEGLosslessProcess14_1)
    dataset = pydicom.dcmread(path)
    encoded = pydicom.encaps.get_frame(dataset.PixelData, 0, number_of_frames=1)
    dataset.PixelData = pydicom.encaps.encapsulate([change(encoded)])
    dataset["PixelData"].is_undefined_length = True
    dataset.save_as(path)
    return path


def test_a_jpeg_image_that_lacks_bytes_is_an_error(tmp_path, write_ct, body, transcode, capfd):
    """libjpeg fills up what is missing, and says so on standard error alone."""
    path = write_ct(tmp_path / "a.dcm", body)
    damaged_jpeg(path, transcode, lambda encoded: encoded[:2000] + encoded[2300:])
    (ref,) = index_ct(path).slices
    with pytest.raises(CTReadError, match=r"damaged: Corrupt JPEG data: premature end"):
        ref.read()
    assert capfd.readouterr() == ("", "")


def test_bytes_after_the_last_pixel_are_a_warning(
    tmp_path, write_ct, body, transcode, read_one, capfd
):
    end = len(b"\xff\xd9")
    path = write_ct(tmp_path / "a.dcm", body)
    damaged_jpeg(path, transcode, lambda e: e.rstrip(b"\0")[:-end] + bytes(40) + b"\xff\xd9")
    image = read_one(path)
    np.testing.assert_array_equal(image.hu, body)
    (warning,) = image.warnings
    assert re.fullmatch(
        r"the compressed image may be damaged \(.* \d+ extraneous bytes before marker 0xd9\)",
        warning,
    )
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("encode", ["JPEGLosslessProcess14_1", JPEGLSLossless, JPEG2000Lossless])
@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"Rows": 128, "Columns": 128}, "64 x 64 pixels of 1 samples, the header states 128 x 128"),
        ({"Rows": 128, "Columns": 32}, "64 x 64 pixels of 1 samples, the header states 128 x 32"),
        (
            {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7},
            "bits a pixel, the header states 8",
        ),
        ({"BitsAllocated": 32, "BitsStored": 32, "HighBit": 31}, "16 bits a pixel"),
    ],
)
def test_a_header_that_contradicts_the_compressed_image_is_an_error(
    tmp_path, write_ct, body, transcode, encode, declared, says
):
    path = write_ct(tmp_path / "a.dcm", body)
    if isinstance(encode, UID):
        dataset = pydicom.dcmread(path)
        dataset.compress(encode)
        dataset.save_as(path)
    else:
        transcode(path, getattr(gdcm.TransferSyntax, encode))
    dataset = pydicom.dcmread(path)
    dataset.update(declared)
    dataset.save_as(path)
    (ref,) = index_ct(path).slices
    with pytest.raises(CTReadError, match=says):
        ref.read()


def test_the_real_jpeg_2000_slice_reads(shared_data, read_one):
    path = shared_data / "ct-dev/normal_dose/singles/pancreas_0001_pydicom.dcm"
    assert UID(pydicom.dcmread(path).file_meta.TransferSyntaxUID) == JPEG2000Lossless
    # Stored back to front: the table, a bright arc, must come out at the bottom.
    hu = read_one(path).hu
    assert (hu[400:] > -900).mean() > (hu[:112] > -900).mean()


@pytest.fixture
def no_pydicom(monkeypatch):
    """Let whatever is left to pydicom fail."""

    def decode(*args):
        raise AssertionError("decoded by pydicom")

    monkeypatch.setattr("distiliqa.ct.dicom.frame.decode", decode)


@pytest.fixture
def by_pydicom(monkeypatch):
    """Whether pydicom was asked, and what it gave."""
    import distiliqa.ct.dicom.frame as module

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
