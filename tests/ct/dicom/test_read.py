from __future__ import annotations

import numpy as np
import pydicom
import pytest

from distiliqa.ct import index_ct
from distiliqa.ct.dicom.acquisition_facts import CONTRADICTION


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


def test_mixed_doses_of_the_published_preprocessing_read(golden):
    folder = golden / "ldct_mini" / "reference"
    index = index_ct(folder, require_ct=False)
    assert len(index.slices) == 12
    for ref in index.slices:
        stored = pydicom.dcmread(ref.path).pixel_array
        np.testing.assert_array_equal(ref.read().hu, np.where(stored < -1500, -1000, stored))


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
