from __future__ import annotations

import nibabel
import numpy as np
import pydicom
import pytest
from tests.support.niftis import LPS_TO_RAS, edited, save

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError, NotCTError


def nifti_copy(source, path):
    """Write what a converter makes of one DICOM slice: stored values in HU, and where they lie."""
    dataset = pydicom.dcmread(source)
    cosines = np.array(dataset.ImageOrientationPatient, dtype=float)
    rows, columns = map(float, dataset.PixelSpacing)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1] = cosines[:3] * columns, cosines[3:] * rows
    affine[:3, 2] = np.cross(cosines[:3], cosines[3:]) * 3
    affine[:3, 3] = dataset.ImagePositionPatient
    hu = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
    volume = hu.T[:, :, None].astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(volume, LPS_TO_RAS @ affine), path)
    return path


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    "name",
    [
        "singles/pancreas_0001_pydicom.dcm",  # stored flipped
        "cmb_crc",  # GE, padding of -3024 HU written as 63536
        "ny_sbu_covid/A046441",  # Toshiba, -2048 HU without a padding tag
        "kits",
    ],
)
def test_a_nifti_copy_equals_its_dicom(shared_data, tmp_path, read_one, name, suffix):
    source = shared_data / "ct-dev" / "normal_dose" / name
    if source.is_dir():
        source = min(source.glob("*.dcm"))
    dicom = read_one(source)
    copy = read_one(nifti_copy(source, tmp_path / f"a{suffix}"))
    np.testing.assert_allclose(copy.hu, dicom.hu, atol=1e-3)
    np.testing.assert_allclose(copy.spacing_mm, dicom.spacing_mm, atol=1e-5)
    assert copy.position_mm == pytest.approx(dicom.position_mm, abs=1e-3)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(
    ("directions", "stored"),
    [
        (("x", "y", "z"), lambda v: v),
        (("-x", "-y", "z"), lambda v: v[::-1, ::-1]),
        (("x", "y", "-z"), lambda v: v[:, :, ::-1]),
        (("z", "x", "y"), lambda v: v.transpose(2, 0, 1)),
        (("-y", "z", "x"), lambda v: v.transpose(1, 2, 0)[::-1]),
    ],
)
def test_every_way_to_store_a_volume_reads_the_same(tmp_path, body, directions, stored, suffix):
    slices = np.stack([body, body + 5, body + 10]).astype(np.int16)
    volume = stored(slices.transpose(2, 1, 0))  # x, y, z
    index = index_ct(save(tmp_path / f"a{suffix}", volume, directions))
    images = [ref.read() for ref in index.slices]
    np.testing.assert_array_equal([image.hu for image in images], slices)
    positions = [image.position_mm for image in images]
    np.testing.assert_allclose(np.diff(positions), 1)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_slope_and_intercept_are_applied(tmp_path, body, suffix):
    path = tmp_path / f"a{suffix}"
    stored = ((body.T[:, :, None] + 1024) * 2).astype(np.int16)
    image = nibabel.Nifti1Image(stored, LPS_TO_RAS)
    image.header.set_slope_inter(0.5, -1024)
    nibabel.save(image, path)
    assert nibabel.load(path).dataobj.slope == 0.5
    np.testing.assert_array_equal(index_ct(path).slices[0].read().hu, body)


def test_a_fourth_axis_of_one_is_dropped_and_more_refused(tmp_path, body):
    volume = np.repeat(body.T[:, :, None, None], 2, axis=3).astype(np.int16)
    single = save(tmp_path / "a.nii", volume[..., :1])
    np.testing.assert_array_equal(index_ct(single).slices[0].read().hu, body)
    with pytest.raises(CTReadError, match=r"a volume of shape \(64, 64, 1, 2\); give one volume"):
        index_ct(save(tmp_path / "b.nii", volume))


def test_a_volume_without_orientation_is_axial_with_a_warning(tmp_path, body, read_one):
    image = nibabel.Nifti1Image(body.T[:, :, None].astype(np.int16), None)
    image.header["qform_code"] = image.header["sform_code"] = 0
    nibabel.save(image, tmp_path / "a.nii")
    assert "no orientation in the file" in read_one(tmp_path / "a.nii").warnings[0]


def test_a_plane_across_thick_slices_gives_a_warning(tmp_path, body, read_one):
    volume = body.T[:, :, None].astype(np.int16)
    path = save(tmp_path / "a.nii", volume, spacing=[1, 3, 1])
    assert "cut across the slices" in read_one(path).warnings[0]


def test_a_mask_is_refused(tmp_path):
    path = save(tmp_path / "mask.nii.gz", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(NotCTError, match="uint8 hold no HU"):
        index_ct(path)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize(("unit", "code"), [("meter", 1e-3), ("mm", 1.0), ("micron", 1e3)])
def test_lengths_become_millimeters(tmp_path, body, suffix, unit, code):
    affine = np.diag([0.7 * code, 0.7 * code, 3 * code, 1])
    image = nibabel.Nifti1Image(np.repeat(body.T[:, :, None], 3, axis=2), affine)
    image.header.set_xyzt_units(unit)
    nibabel.save(image, tmp_path / f"a{suffix}")
    slices = [ref.read() for ref in index_ct(tmp_path / f"a{suffix}").slices]
    assert [image.position_mm for image in slices] == pytest.approx([0, 3, 6])
    assert slices[0].spacing_mm == pytest.approx((0.7, 0.7))
    assert slices[0].warnings == ()


@pytest.mark.parametrize(
    ("fields", "warning"),
    [
        ({"xyzt_units": 1}, "gives its lengths in m, which makes pixels of 1e+03 mm: taken as mm"),
        ({"xyzt_units": 7}, "unit of length in the file is unknown: taken as mm"),
        ({"pixdim": [1, 0.7, 0.7, 3, 0, 0, 0, 0]}, "voxels of 0.7 x 0.7 x 3 in pixdim, but of 1 x"),
        ({"pixdim": [1, 0, 0, 0, 0, 0, 0, 0]}, "voxels of 0 x 0 x 0 in pixdim, but of 1 x"),
    ],
)
def test_lengths_that_contradict_are_a_warning(tmp_path, body, read_one, fields, warning):
    path = edited(save(tmp_path / "a.nii", body.T[:, :, None]), **fields)
    (found,) = read_one(path).warnings
    assert warning in found


@pytest.mark.parametrize("spacing", [0.0007, 7.0])
def test_pixels_that_no_ct_has_are_a_warning(tmp_path, body, read_one, spacing):
    path = save(tmp_path / "a.nii", body.T[:, :, None], spacing=spacing)
    (found,) = read_one(path).warnings
    assert f"pixels of {spacing:g} x {spacing:g} mm, which no CT has" in found


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_voxels_of_a_header_without_an_offset_stand_behind_it(tmp_path, body, read_one, suffix):
    path = save(tmp_path / f"a{suffix}", body.T[:, :, None].astype(np.int16))
    np.testing.assert_array_equal(read_one(edited(path, vox_offset=0)).hu, body)


def test_extensions_are_passed_over(tmp_path, body, read_one):
    image = nibabel.Nifti1Image(body.T[:, :, None].astype(np.int16), LPS_TO_RAS)
    image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"x" * 10_000))
    nibabel.save(image, tmp_path / "a.nii.gz")
    np.testing.assert_array_equal(read_one(tmp_path / "a.nii.gz").hu, body)


@pytest.fixture
def pair(tmp_path, body):
    """The header of a pair, with the .img beside it."""
    volume = np.repeat(body.T[:, :, None], 2, axis=2).astype(np.int16)
    nibabel.save(nibabel.Nifti1Pair(volume, LPS_TO_RAS), tmp_path / "a.hdr")
    return tmp_path / "a.hdr"


def test_a_pair_is_one_volume_whatever_is_given(pair, tmp_path, body):
    for given in (pair, pair.with_suffix(".img"), tmp_path):
        found = index_ct(given)
        assert (found.failed, found.left_out) == ((), ())
        assert [ref.path for ref in found.slices] == [str(pair)] * 2
        np.testing.assert_array_equal(found.slices[1].read().hu, body)
    pair.with_suffix(".img").rename(tmp_path / "A.IMG")
    pair = pair.rename(tmp_path / "A.HDR")
    assert len(index_ct(tmp_path).slices) == 2


def test_half_of_a_pair_fails_and_is_named(pair, tmp_path, body):
    save(tmp_path / "sound.nii", body.T[:, :, None])
    pixels = pair.with_suffix(".img").read_bytes()
    pair.with_suffix(".img").unlink()
    ((name, reason),) = index_ct(tmp_path).failed
    assert name == str(pair)
    assert "the voxels cannot be read (No such file or directory)" in reason
    pair.unlink()
    pair.with_suffix(".img").write_bytes(pixels)
    ((name, reason),) = index_ct(tmp_path).failed
    assert name == str(pair.with_suffix(".img"))
    # The name of the header would be that of the file, which a report may not show.
    assert reason == "its header (.hdr) is not there; put it into the same folder"


def test_analyze_without_orientation_gives_a_warning(tmp_path, body, read_one):
    # Rows of Analyze 7.5 run from the back to the front.
    stored = body[::-1].T[:, :, None].astype(np.int16)
    nibabel.save(nibabel.AnalyzeImage(stored, np.diag([-0.7, 0.7, 3, 1])), tmp_path / "a.hdr")
    image = read_one(tmp_path / "a.hdr")
    assert image.warnings == ("Analyze 7.5 has no orientation: taken as axial, as stored",)
    np.testing.assert_array_equal(image.hu, body)
    assert image.spacing_mm == pytest.approx((0.7, 0.7))


def test_a_damaged_header_of_a_pair_fails(pair, tmp_path, body):
    save(tmp_path / "sound.nii", body.T[:, :, None])
    edited(pair, nibabel.nifti1.Nifti1PairHeader, sizeof_hdr=0, magic=b"")
    ((name, reason),) = index_ct(tmp_path).failed
    assert (name, reason) == (str(pair), "not readable as NIfTI; copy or convert it again")


def test_a_position_that_no_scanner_has_is_unknown(tmp_path, body, read_one):
    affine = LPS_TO_RAS.copy()
    affine[:3, 3] = 1e30
    nibabel.save(nibabel.Nifti1Image(body.T[:, :, None], affine), tmp_path / "a.nii")
    image = read_one(tmp_path / "a.nii")
    assert image.position_mm is None
    assert image.warnings == ("a position that no scanner has: taken as unknown",)


def test_another_kind_of_hdr_is_left_out(tmp_path, body):
    save(tmp_path / "sound.nii", body.T[:, :, None])
    (tmp_path / "b.hdr").write_text("ENVI\nsamples = 64\n" * 40)
    (problem,) = index_ct(tmp_path).left_out
    assert "neither NIfTI nor Analyze 7.5" in problem.reason
