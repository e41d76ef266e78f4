from __future__ import annotations

import gzip

import nibabel
import numpy as np
import pydicom
import pytest

from distiliqa.ct import index_ct, volume
from distiliqa.ct.volume import _decoded
from distiliqa.errors import CTReadError, NotCTError

LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])


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


def save(path, volume, directions=("x", "y", "z"), spacing=1.0, **kwargs):
    """Save a volume whose voxel axes run along the LPS ``directions``."""
    affine = np.eye(4)
    for axis, direction in enumerate(directions):
        affine[:3, axis] = np.eye(3)["xyz".index(direction[-1])] * (
            -1 if direction[0] == "-" else 1
        )
    affine[:3, :3] *= spacing
    nibabel.save(nibabel.Nifti1Image(volume, LPS_TO_RAS @ affine, **kwargs), path)
    return path


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
    images = [ref.load() for ref in index.slices]
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
    np.testing.assert_array_equal(index_ct(path).slices[0].load().hu, body)


def test_a_fourth_axis_of_one_is_dropped_and_more_refused(tmp_path, body):
    volume = np.repeat(body.T[:, :, None, None], 2, axis=3).astype(np.int16)
    single = save(tmp_path / "a.nii", volume[..., :1])
    np.testing.assert_array_equal(index_ct(single).slices[0].load().hu, body)
    with pytest.raises(CTReadError, match=r"a volume of shape \(64, 64, 1, 2\); give one volume"):
        index_ct(save(tmp_path / "b.nii", volume))


def test_a_volume_without_orientation_is_taken_as_axial_and_says_so(tmp_path, body, read_one):
    image = nibabel.Nifti1Image(body.T[:, :, None].astype(np.int16), None)
    image.header["qform_code"] = image.header["sform_code"] = 0
    nibabel.save(image, tmp_path / "a.nii")
    assert "no orientation in the file" in read_one(tmp_path / "a.nii").warnings[0]


def test_a_volume_without_slices_is_a_failure_in_company_too(tmp_path, body):
    save(tmp_path / "a.nii", np.zeros((64, 64, 0), np.int16))
    with pytest.raises(CTReadError, match=r"shape \(64, 64, 0\) holds no slices"):
        index_ct(tmp_path / "a.nii")
    save(tmp_path / "b.nii", body.T[:, :, None].astype(np.int16))
    (problem,) = index_ct(tmp_path).failed
    assert "holds no slices" in problem.reason


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("offset", [np.nan, np.inf])
def test_a_volume_that_lies_nowhere_is_refused(tmp_path, body, offset):
    affine = LPS_TO_RAS.copy()
    affine[2, 3] = offset
    image = nibabel.Nifti1Image(body.T[:, :, None].astype(np.int16), affine)
    nibabel.save(image, tmp_path / "a.nii")
    with pytest.raises(CTReadError, match="singular or not finite; convert it again"):
        index_ct(tmp_path / "a.nii")


def test_a_plane_cut_across_thick_slices_says_so(tmp_path, body, read_one):
    volume = body.T[:, :, None].astype(np.int16)
    path = save(tmp_path / "a.nii", volume, spacing=[1, 3, 1])
    assert "cut across the slices" in read_one(path).warnings[0]


def test_a_mask_is_refused(tmp_path):
    path = save(tmp_path / "mask.nii.gz", np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(NotCTError, match="uint8 hold no HU"):
        index_ct(path)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_cut_volume_is_an_error(tmp_path, body, suffix):
    volume = np.repeat(body.T[:, :, None], 4, axis=2)
    path = save(tmp_path / f"a{suffix}", volume)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    last = index_ct(path).slices[-1]
    with pytest.raises(CTReadError, match="cut short or damaged"):
        last.load()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_text_named_nifti_is_an_error(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text("not a volume")
    with pytest.raises(CTReadError, match="not readable as NIfTI"):
        index_ct(path)


def test_few_decoded_volumes_are_kept(tmp_path, body):
    volume = body.T[:, :, None].astype(np.int16)
    for number in range(4):
        save(tmp_path / f"{number}.nii.gz", volume + number)
    for number, ref in enumerate(index_ct(tmp_path).slices):
        np.testing.assert_array_equal(ref.load().hu, body + number)
    assert _decoded.cache_info().currsize <= 2


def test_a_changed_volume_is_read_again(tmp_path, body):
    volume = body.T[:, :, None].astype(np.int16)
    path = save(tmp_path / "a.nii.gz", volume)
    (ref,) = index_ct(path).slices
    ref.load()
    save(path, volume + 7)
    np.testing.assert_array_equal(ref.load().hu, body + 7)


def test_a_volume_that_cannot_be_decoded_is_tried_once(tmp_path, body, monkeypatch):
    path = save(tmp_path / "a.nii.gz", np.repeat(body.T[:, :, None], 4, axis=2))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF  # inflates to as many bytes, of which some are wrong
    path.write_bytes(content)
    opened = []
    monkeypatch.setattr(gzip, "open", lambda file: opened.append(file) or gzip.GzipFile(file))
    for ref in index_ct(path).slices:
        with pytest.raises(CTReadError, match="cut short or damaged"):
            ref.load()
    assert opened == [path]


def test_a_compressed_volume_that_would_fill_the_memory_is_refused(tmp_path, body, monkeypatch):
    path = save(tmp_path / "a.nii.gz", body.T[:, :, None])
    monkeypatch.setattr(volume, "LARGEST_DECODED_BYTES", 1 << 14)
    with pytest.raises(CTReadError, match=r"too large .*; unpack it to \.nii"):
        index_ct(path)
    assert len(index_ct(save(tmp_path / "a.nii", body.T[:, :, None])).slices) == 1


def test_planes_that_are_too_large_are_refused(tmp_path):
    path = save(tmp_path / "a.nii", np.zeros((4097, 32, 1), np.int16))
    with pytest.raises(CTReadError, match=r"4097.* pixels is too large"):
        index_ct(path)
