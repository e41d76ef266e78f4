from __future__ import annotations

import subprocess
import sys

import numpy as np
import pydicom
import pytest
from pydicom.dataelem import RawDataElement
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, SecondaryCaptureImageStorage, generate_uid

from distiliqa.ct import index_ct
from distiliqa.ct.dicom.acquisition_facts import CONTRADICTION
from distiliqa.errors import CTReadError, NotCTError

MINIMUM = pydicom.Dataset()
MINIMUM.CodeValue, MINIMUM.CodingSchemeDesignator = "113079", "DCM"


def altered(path, **tags):
    """Rewrite a DICOM file with other tags; None removes one."""
    dataset = pydicom.dcmread(path)
    for keyword, value in tags.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    dataset.save_as(path)
    return path


def test_a_slice_has_hu_geometry_and_acquisition(tmp_path, write_ct, body, read_one):
    path = write_ct(
        tmp_path / "no_extension",
        body,
        CTDIvol=8.1,
        Exposure=150,
        ConvolutionKernel=["Br40d", "3"],
        ImagePositionPatient=[-100, -100, 42.5],
    )
    image = read_one(path)
    np.testing.assert_array_equal(image.hu, body)
    assert image.hu.dtype == np.float32
    assert image.path == str(path)
    assert image.spacing_mm == (0.7, 0.7)
    assert image.position_mm == 42.5
    assert image.series == image.series_uid == "1.2.826.0.1.3680043.8.498.2"
    assert image.patient_id == "P1"
    facts = image.acquisition
    assert (facts.kvp, facts.tube_current_ma, facts.exposure_mas) == (120, 200, 150)
    assert (facts.ctdivol_mgy, facts.slice_thickness_mm) == (8.1, 3)
    assert (facts.kernel, facts.body_part, facts.manufacturer) == ("Br40d\\3", "ABDOMEN", "ACME")
    assert image.warnings == ()


@pytest.mark.parametrize(
    "tags",
    [
        {"ImageOrientationPatient": [1, 0, 0, 0, 0.9781, 0.2079]},
        {"GantryDetectorTilt": -12},
    ],
)
def test_a_tilted_gantry_is_reported(tmp_path, write_ct, body, read_one, tags):
    (warning,) = read_one(write_ct(tmp_path / "a.dcm", body, **tags)).warnings
    assert warning.startswith("tilted by 12 degrees")


def test_rescale_is_per_slice(tmp_path, write_ct, body):
    for number, (slope, intercept) in enumerate([(1, -1024), (0.5, -1000), (2, 0)]):
        tags = {"RescaleSlope": slope, "RescaleIntercept": intercept}
        write_ct(tmp_path / f"{number}.dcm", body, ImagePositionPatient=[0, 0, number], **tags)
    for ref in index_ct(tmp_path).slices:
        np.testing.assert_allclose(ref.read().hu, body, atol=1)


@pytest.mark.parametrize("padding", [-2000, 63536])
def test_declared_padding_is_air(tmp_path, write_ct, body, read_one, padding):
    padded = body.copy()
    padded[-5:] = -3024
    vr = "US" if padding > 0 else "SS"
    path = write_ct(tmp_path / "a.dcm", padded)
    dataset = pydicom.dcmread(path)
    dataset.add_new("PixelPaddingValue", vr, padding)
    dataset.save_as(path)
    image = read_one(path)
    assert (image.hu[-5:] == -1000).all()
    np.testing.assert_array_equal(image.hu[:-5], body[:-5])
    assert image.warnings == ()


def test_padding_range_is_air(tmp_path, write_ct, body, read_one):
    padded = body.copy()
    padded[-5:], padded[-8:-5] = -1024 - 100, -1024 - 50
    path = write_ct(tmp_path / "a.dcm", padded, PixelPaddingValue=-100, PixelPaddingRangeLimit=-20)
    assert (read_one(path).hu[-8:] == -1000).all()


def test_undeclared_values_below_air_are_air(tmp_path, write_ct, body, read_one):
    padded = body.copy()
    padded[-5:] = -2048
    assert (read_one(write_ct(tmp_path / "a.dcm", padded)).hu[-5:] == -1000).all()


@pytest.mark.filterwarnings("ignore:Found unknown escape")
def test_what_a_terminal_would_obey_is_escaped(tmp_path, write_ct, body, read_one):
    tags = {"RescaleType": "\x1b[31mX", "ConvolutionKernel": "\x1b[32mK"}
    image = read_one(write_ct(tmp_path / "a.dcm", body, **tags))
    assert image.warnings == (r"the file states values in \x1b[31mX, not HU",)
    assert image.acquisition.kernel == r"\x1b[32mK"


@pytest.mark.filterwarnings("ignore:The value length")
def test_texts_of_any_length_are_bounded(tmp_path, write_ct, body, read_one):
    tags = dict.fromkeys(("ConvolutionKernel", "Manufacturer", "RescaleType"), "K" * 30_000)
    image = read_one(write_ct(tmp_path / "a.dcm", body, **tags))
    assert image.acquisition.kernel == image.acquisition.manufacturer == f"{'K' * 127}…"
    assert image.warnings == (f"the file states values in {'K' * 59}…, not HU",)


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI", "ignore:The value length")
def test_what_identifies_is_not_cut_to_something_equal(tmp_path, write_ct, body):
    """Else two series, patients or slices that begin alike would become one."""
    found = set()
    for end in "12":
        uid = f"1.2{'.3' * 5000}.{end}"
        path = write_ct(tmp_path / f"{end}.dcm", body, SeriesInstanceUID=uid, PatientID=uid)
        (ref,) = index_ct(path).slices
        found |= {ref.series, ref.patient_id}
        assert len(ref.series) < 130
    assert len(found) == 2


def test_padding_within_tissue_is_named(tmp_path, write_ct, body, read_one):
    image = read_one(write_ct(tmp_path / "a.dcm", body, PixelPaddingValue=1024 + 700))
    assert image.warnings == ("100 pixels of 700 HU are declared as padding: taken as tissue",)
    np.testing.assert_array_equal(image.hu, body)


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


@pytest.mark.parametrize(
    ("cosines", "stored"),
    [
        ([1, 0, 0, 0, -1, 0], lambda hu: hu[::-1]),
        ([-1, 0, 0, 0, 1, 0], lambda hu: hu[:, ::-1]),
        ([-1, 0, 0, 0, -1, 0], lambda hu: hu[::-1, ::-1]),
        ([0, 1, 0, 1, 0, 0], lambda hu: hu.T),
        ([0, 1, 0, -1, 0, 0], lambda hu: hu.T[::-1]),
    ],
)
def test_every_way_to_store_a_slice_reads_the_same(
    tmp_path, write_ct, body, read_one, cosines, stored
):
    path = write_ct(tmp_path / "a.dcm", stored(body), ImageOrientationPatient=cosines)
    np.testing.assert_array_equal(read_one(path).hu, body)


def test_spacing_turns_with_the_slice(tmp_path, write_ct, body, read_one):
    path = write_ct(
        tmp_path / "a.dcm",
        body.T,
        ImageOrientationPatient=[0, 1, 0, 1, 0, 0],
        PixelSpacing=[0.5, 0.9],
    )
    assert read_one(path).spacing_mm == (0.9, 0.5)


def test_a_file_without_preamble_or_meta_header_reads(tmp_path, write_ct, body, read_one):
    dataset = pydicom.dcmread(write_ct(tmp_path / "a.dcm", body))
    for implicit in (True, False):
        path = tmp_path / f"bare_{implicit}"
        bare = pydicom.Dataset(dict(dataset.items()))
        bare.save_as(path, implicit_vr=implicit, little_endian=True)
        np.testing.assert_array_equal(read_one(path).hu, body)


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ({"Modality": "MR"}, "modality MR, not CT"),
        ({"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}, "Image Type LOCALIZER"),
        ({"ImageType": ["DERIVED", "SECONDARY", "SCREEN SAVE"]}, "Image Type SCREEN SAVE"),
        (
            {"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "MIP"]},
            r"projection .* \(Image Type MIP",
        ),
        ({"RescaleType": "MGML"}, r"map of a material, not HU \(Rescale Type MGML\)"),
        ({"VolumeBasedCalculationTechnique": "MAX_IP"}, "Calculation Technique MAX_IP"),
        ({"VolumetricProperties": "DISTORTED"}, "Volumetric Properties DISTORTED"),
        ({"DerivationCodeSequence": [MINIMUM]}, r"projection .* \(Derivation Code 113079\)"),
        ({"ImageOrientationPatient": [1, 0, 0, 0, 0, -1]}, "coronal"),
        ({"ImageOrientationPatient": [0, 1, 0, 0, 0, -1]}, "sagittal"),
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "a color image holds no HU"),
        ({"SOPClassUID": SecondaryCaptureImageStorage, "Modality": "OT"}, "modality OT, not CT"),
        (
            {"SOPClassUID": SecondaryCaptureImageStorage, "ImagePositionPatient": None},
            "Secondary Capture Image Storage without a position and a rescale",
        ),
    ],
)
def test_what_is_no_axial_ct_is_refused_by_itself(tmp_path, write_ct, body, tags, reason):
    path = write_ct(tmp_path / "a.dcm", body, **tags)
    with pytest.raises(NotCTError, match=reason) as caught:
        index_ct(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_training_images_saved_as_secondary_capture_read_on_request(tmp_path, write_ct, body):
    tags = {"SOPClassUID": SecondaryCaptureImageStorage, "Modality": "OT"}
    path = write_ct(tmp_path / "a.dcm", body, **tags)
    (ref,) = index_ct(path, require_ct=False).slices
    np.testing.assert_array_equal(ref.read().hu, body)


def test_mixed_doses_of_the_published_preprocessing_read(golden):
    folder = golden / "ldct_mini" / "reference"
    index = index_ct(folder, require_ct=False)
    assert len(index.slices) == 12
    for ref in index.slices:
        stored = pydicom.dcmread(ref.path).pixel_array
        np.testing.assert_array_equal(ref.read().hu, np.where(stored < -1500, -1000, stored))


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


def test_a_palette_holds_no_hu(tmp_path, write_ct, body):
    path = write_ct(tmp_path / "a.dcm", body, PhotometricInterpretation="PALETTE COLOR")
    with pytest.raises(NotCTError, match="a color image holds no HU"):
        index_ct(path)


def test_a_class_without_an_image_is_not_ct(tmp_path, write_ct, body):
    tags = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.22", "Modality": "SR"}
    path = altered(write_ct(tmp_path / "a.dcm", body, **tags), Rows=None, PixelData=None)
    with pytest.raises(NotCTError, match=r"no image in it \(Enhanced SR Storage\); give the CT"):
        index_ct(path)


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


def test_real_slices_of_every_scanner_read(shared_data):
    index = index_ct(shared_data / "ct-dev")
    assert index.failed == ()
    kinds = {".dcm", ".IMA", ".tiff"}
    images = [path for path in (shared_data / "ct-dev").rglob("*.*") if path.suffix in kinds]
    assert len(index.slices) == len(images) > 20
    for ref in index.slices:
        image = ref.read()
        assert image.hu.shape == (512, 512)
        assert -1500 <= image.hu.min() <= -900
        odd = {f"{CONTRADICTION}{image.acquisition.exposure_basis}"} & set(image.warnings)
        assert all("lossy" in warning for warning in set(image.warnings) - odd)
        assert bool(odd) == (image.acquisition.exposure_basis is not None)  # of GE


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


@pytest.mark.parametrize("modality", ["CT", "SR", "SEG"])
def test_no_frames_are_named_whatever_the_object(tmp_path, write_ct, body, modality):
    path = write_ct(tmp_path / "a.dcm", body, Modality=modality, NumberOfFrames=0)
    with pytest.raises(CTReadError, match=f"modality {modality}, not|NumberOfFrames is 0, which"):
        index_ct(path)
    with pytest.raises(CTReadError, match="NumberOfFrames is 0, which no image has; export"):
        index_ct(path, require_ct=False)


def mapping(unit: str) -> pydicom.Dataset:
    code, mapped = pydicom.Dataset(), pydicom.Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    mapped.MeasurementUnitsCodeSequence = [code]
    return mapped


@pytest.mark.parametrize("unit", ["mg/mL", "%", "1", "g/cm3"])
def test_a_map_of_other_units_is_left_out(tmp_path, write_ct, body, unit):
    path = write_ct(tmp_path / "a.dcm", body, RealWorldValueMappingSequence=[mapping(unit)])
    with pytest.raises(NotCTError, match=f"not HU .Real World Value Mapping in {unit}"):
        index_ct(path)


@pytest.mark.parametrize("units", [["[hnsf'U]"], ["mg/mL", "[hnsf'U]"], []])
def test_a_mapping_to_hu_or_to_nothing_is_ct(tmp_path, write_ct, body, read_one, units):
    mappings = [mapping(unit) for unit in units] or [pydicom.Dataset()]
    path = write_ct(tmp_path / "a.dcm", body, RealWorldValueMappingSequence=mappings)
    np.testing.assert_array_equal(read_one(path).hu, body)
