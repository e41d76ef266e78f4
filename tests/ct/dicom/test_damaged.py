"""DICOM files that are damaged, cut short or incomplete."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, generate_uid
from tests.support.slices import altered

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError, NotCTError


@pytest.mark.parametrize(
    ("tags", "warning"),
    [
        ({"RescaleSlope": None}, "no rescale slope or intercept"),
        ({"RescaleType": "OD"}, "the file states values in OD, not HU"),
        ({"ImageType": ["DERIVED", "PRIMARY", "AXIAL", "VMI"]}, "a virtual monoenergetic image"),
        ({"ImageOrientationPatient": None}, "no image orientation"),
        ({"ImageOrientationPatient": [0] * 6}, "the image orientation is 0.0\\0.0\\0.0\\"),
        ({"ImageOrientationPatient": [1, 0]}, "the image orientation is 1.0\\0.0: taken as axial"),
        (
            {"ImagePositionPatient": [1, 2]},
            "the image position is 1.0\\2.0: slices are in file order",
        ),
        ({"PixelSpacing": [0, 0]}, "PixelSpacing is 0.0\\0.0, which no pixels have"),
        ({"PixelSpacing": [-0.7, 0.7]}, "PixelSpacing is -0.7\\0.7, which no pixels have"),
        ({"PixelSpacing": [7, 7]}, "pixels of 7 x 7 mm, which no CT has"),
        ({"PixelSpacing": [0.7, 1.4]}, "pixels of 0.7 x 1.4 mm are not square"),
        ({"ImagePositionPatient": None}, "no image position"),
        ({"Exposure": 10268, "ExposureTime": 1186}, "contradicts tube current x time"),
        ({"LossyImageCompression": "01"}, "lossy compression"),
    ],
)
def test_absent_facts_give_a_warning(tmp_path, write_ct, body, read_one, tags, warning):
    image = read_one(write_ct(tmp_path / "a.dcm", body, **tags))
    assert len(image.warnings) == 1
    assert warning in image.warnings[0]


def broken(path, keyword, written):
    """Write bytes into a tag that are no number."""
    dataset = pydicom.dcmread(path)
    element = dataset[keyword]
    raw = RawDataElement(element.tag, element.VR, len(written), written, 0, False, True)
    dataset[element.tag] = raw
    dataset.save_as(path)
    return path


@pytest.mark.parametrize(
    ("keyword", "written", "warning"),
    [
        ("PixelSpacing", b"0.7\\x ", r"PixelSpacing is 0.7\x, which no pixels have: sizes"),
        ("PixelSpacing", b"0.70", r"PixelSpacing is 0.70, which no pixels have: sizes"),
        ("PixelSpacing", b"nan\\nan ", r"PixelSpacing is nan\nan, which no pixels have: sizes"),
        ("ImagePositionPatient", b"a\\b\\c ", r"the image position is a\b\c: slices are in file"),
        ("ImageOrientationPatient", b"oblique ", "the image orientation is oblique: taken as"),
        ("KVP", b"a lot ", "KVP is a lot, not a number: not used"),
        ("SliceThickness", b"3 mm", "SliceThickness is 3 mm, not a number: not used"),
        ("XRayTubeCurrent", b"1e999 ", "XRayTubeCurrent is 1e999, not a number: not used"),
        ("PixelPaddingValue", b"-2000 ", "PixelPaddingValue is "),
    ],
)
def test_numbers_that_are_broken_are_not_called_absent(
    tmp_path, write_ct, body, read_one, keyword, written, warning
):
    path = write_ct(tmp_path / "a.dcm", body, PixelPaddingValue=-2000)
    image = read_one(broken(path, keyword, written))
    assert [text[: len(warning)] for text in image.warnings] == [warning]
    np.testing.assert_array_equal(image.hu, body)
    if keyword == "PixelSpacing":
        assert image.spacing_mm is None


@pytest.mark.parametrize("spacing", [[0, 0], [-0.7, -0.7], [0.7, 0]])
def test_a_spacing_that_no_pixels_have_gives_no_geometry(tmp_path, write_ct, body, spacing):
    (ref,) = index_ct(write_ct(tmp_path / "a.dcm", body, PixelSpacing=spacing)).slices
    assert (ref.geometry, ref.read().spacing_mm) == (None, None)


@pytest.mark.parametrize("keyword", ["RescaleSlope", "RescaleIntercept"])
@pytest.mark.parametrize("vr", ["DS", "FD"])
def test_a_rescale_that_cannot_be_read_is_not_called_absent(tmp_path, write_ct, body, keyword, vr):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    tag = dataset[keyword].tag
    dataset[tag] = RawDataElement(tag, vr, 6, b"broken", 0, False, True)
    dataset.save_as(path)
    with pytest.raises(CTReadError, match=f"{keyword} is broken, which gives no HU"):
        index_ct(path)


@pytest.mark.parametrize(("keyword", "vr"), [("Rows", "US"), ("NumberOfFrames", "IS")])
def test_a_count_that_is_broken_is_named(tmp_path, write_ct, body, keyword, vr):
    path = write_ct(tmp_path / "a.dcm", body, NumberOfFrames=1)
    dataset = pydicom.dcmread(path)
    tag = dataset[keyword].tag
    dataset[tag] = RawDataElement(tag, vr, 3, b"abc", 0, False, True)
    dataset.save_as(path)
    with pytest.raises(CTReadError, match=f"{keyword} is abc, not a number"):
        index_ct(path)


@pytest.mark.parametrize("keep", [140, 300, 600])
def test_a_cut_header_is_an_error(tmp_path, write_ct, body, keep):
    path = write_ct(tmp_path / "a.dcm", body)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(CTReadError, match=r"cut short") as caught:
        index_ct(path)
    assert not isinstance(caught.value, NotCTError)


def test_cut_pixels_are_an_error(tmp_path, write_ct, body):
    path = write_ct(tmp_path / "a.dcm", body)
    path.write_bytes(path.read_bytes()[:-3000])
    (ref,) = index_ct(path).slices
    with pytest.raises(CTReadError, match=r"a\.dcm: the pixels cannot be decoded .*cut short"):
        ref.read()


@pytest.mark.parametrize(
    "keyword",
    [
        "Rows",
        "Columns",
        "BitsAllocated",
        "BitsStored",
        "PixelRepresentation",
        "SamplesPerPixel",
        "PhotometricInterpretation",
        "PixelData",
    ],
)
@pytest.mark.parametrize("change", ["removed", "emptied"])
def test_a_missing_attribute_of_the_pixels_is_named(tmp_path, write_ct, body, keyword, change):
    path = write_ct(tmp_path / "a.dcm", body)
    altered(path, **{keyword: None}) if change == "removed" else emptied(path, keyword)
    with pytest.raises(CTReadError, match=rf"lacks {keyword} \(.*export the series again with"):
        index_ct(path)


def emptied(path, keyword):
    dataset = pydicom.dcmread(path)
    dataset[keyword].value = b"" if keyword == "PixelData" else None
    dataset.save_as(path)


@pytest.mark.parametrize(
    ("keyword", "written"),
    [("BitsAllocated", 12), ("BitsStored", 0), ("PixelRepresentation", 5), ("SamplesPerPixel", 0)],
)
def test_an_attribute_of_the_pixels_that_cannot_be_is_named(
    tmp_path, write_ct, body, keyword, written
):
    path = altered(write_ct(tmp_path / "a.dcm", body), **{keyword: written})
    with pytest.raises(CTReadError, match=f"{keyword} is {written}, which no image of HU has"):
        index_ct(path)


@pytest.mark.parametrize("change", [{"Rows": 32}, {"Columns": 32}])
def test_pixels_that_the_header_does_not_describe_are_a_warning(
    tmp_path, write_ct, body, read_one, change
):
    image = read_one(altered(write_ct(tmp_path / "a.dcm", body), **change))
    assert image.warnings == ("PixelData holds 8192 bytes, of which the header describes 4096",)


def test_bytes_that_fill_up_the_pixels_are_none(tmp_path, write_ct, body, read_one):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    image = read_one(altered(path, PixelData=dataset.PixelData + bytes(2)))
    assert image.warnings == ()
    np.testing.assert_array_equal(image.hu, body)


@pytest.mark.filterwarnings("ignore:The end of the encapsulated")
@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless])
@pytest.mark.parametrize(
    ("has_bot", "warning"),
    [
        (True, "PixelData holds 2 frames, of which the header describes 1"),
        (False, "a second compressed image follows the first, and is not counted as a frame"),
    ],
)
def test_a_second_compressed_image_is_a_warning(
    tmp_path, write_ct, body, read_one, syntax, has_bot, warning
):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    dataset.compress(syntax)
    encoded = pydicom.encaps.get_frame(dataset.PixelData, 0, number_of_frames=1)
    dataset.PixelData = pydicom.encaps.encapsulate([encoded, encoded], has_bot=has_bot)
    dataset.save_as(path)
    image = read_one(path)
    np.testing.assert_array_equal(image.hu, body)
    assert image.warnings == (warning,)


def test_a_slice_too_large_is_an_error_before_it_is_decoded(tmp_path, write_ct, body):
    path = altered(write_ct(tmp_path / "a.dcm", body), Rows=65535, Columns=65535)
    with pytest.raises(CTReadError, match="65535 x 65535 pixels is too large"):
        index_ct(path)


@pytest.mark.parametrize("shape", [(0, 0), (1, 1), (31, 512)])
def test_a_slice_too_small_is_an_error(tmp_path, write_ct, shape):
    path = write_ct(tmp_path / "a.dcm", np.zeros(shape))
    with pytest.raises(CTReadError, match=f"{shape[0]} x {shape[1]} pixels is too small"):
        index_ct(path)


@pytest.mark.parametrize(
    ("keyword", "written"),
    [("RescaleSlope", b"0 "), ("RescaleSlope", b"one "), ("RescaleIntercept", b"nan ")],
)
def test_a_rescale_that_gives_no_hu_is_an_error(tmp_path, write_ct, body, keyword, written):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    number = dataset.data_element(keyword).tag
    dataset[number] = RawDataElement(number, "DS", len(written), written, 0, False, True)
    dataset.save_as(path)
    with pytest.raises(CTReadError, match=f"{keyword} is {written.decode()[:2].strip()}"):
        index_ct(path)


@pytest.mark.filterwarnings("error")
def test_a_rescale_beyond_all_numbers_is_an_error_without_noise(tmp_path, write_ct, body):
    path = altered(write_ct(tmp_path / "a.dcm", body), RescaleSlope="1e300")
    (ref,) = index_ct(path).slices
    with pytest.raises(CTReadError, match="nan or infinite"):
        ref.read()


def test_frames_that_cannot_be_in_the_file_are_an_error(tmp_path, write_ct, body):
    path = altered(write_ct(tmp_path / "a.dcm", body), NumberOfFrames=1_000_000)
    with pytest.raises(CTReadError, match="1000000 frames cannot be in a file of"):
        index_ct(path)


def test_nan_in_float_pixels_is_an_error(tmp_path, write_ct, body):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    del dataset.PixelData
    dataset.BitsAllocated = 32
    values = body.astype(np.float32)
    values[0, 0] = np.nan
    dataset.add_new("FloatPixelData", "OF", values.tobytes())
    dataset.save_as(path)
    (ref,) = index_ct(path).slices
    with pytest.raises(CTReadError, match="nan or infinite"):
        ref.read()


def test_a_text_file_named_dcm_is_an_error(tmp_path):
    path = tmp_path / "a.dcm"
    path.write_text("not an image")
    with pytest.raises(CTReadError, match=r"a\.dcm: not a DICOM file"):
        index_ct(path)


def test_broken_optional_tags_do_not_lose_the_slice_or_reach_the_screen(tmp_path, write_ct, body):
    path = write_ct(tmp_path / "a.dcm", body)
    dataset = pydicom.dcmread(path)
    dataset["KVP"]._value = "a lot"
    dataset["SOPInstanceUID"]._value = generate_uid() + ".007"
    dataset.save_as(path)
    code = (
        "import sys; from distiliqa.ct import index_ct;"
        "image = index_ct(sys.argv[1]).slices[0].read();"
        "print(image.acquisition.kvp, image.hu.shape)"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert (run.stdout, run.stderr) == ("None (64, 64)\n", "")


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_bytes_never_raise_anything_else(tmp_path, write_ct, body):
    whole = write_ct(tmp_path / "a.dcm", body, PixelPaddingValue=-2000).read_bytes()
    start = whole.index(b"1.2.840.10008.5.1.4.1.1.2") - 20
    rng = np.random.default_rng(1)
    path, errors = tmp_path / "b.dcm", 0
    for _ in range(300):
        damaged = bytearray(whole)
        for place in rng.integers(start, len(whole) - body.size * 2, 3):
            damaged[place] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            index_ct(path).slices[0].read()
        except CTReadError:
            errors += 1
    assert 0 < errors < 300
