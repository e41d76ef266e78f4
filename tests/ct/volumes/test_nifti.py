from __future__ import annotations

import gzip
import zlib

import nibabel
import numpy as np
import pydicom
import pytest

from distiliqa.ct import index_ct
from distiliqa.ct.volumes import coding, voxels
from distiliqa.ct.volumes.coding import Inflated
from distiliqa.ct.volumes.voxels import _decoded
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


def edited(path, kind=nibabel.Nifti1Header, **fields):
    """Write other values into the fields of a header, such as no library writes."""
    open_file = gzip.open if path.suffix == ".gz" else open
    with open_file(path, "rb") as file:
        content = bytearray(file.read())
    header = np.frombuffer(content, kind.template_dtype, count=1)
    for name, value in fields.items():
        header[name] = value
    with open_file(path, "wb") as file:
        file.write(content)
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


def test_a_volume_without_slices_is_a_failure_in_company_too(tmp_path, body):
    save(tmp_path / "a.nii", np.zeros((64, 64, 0), np.int16))
    with pytest.raises(CTReadError, match="its header names 0 slices; export or convert it again"):
        index_ct(tmp_path / "a.nii")
    save(tmp_path / "b.nii", body.T[:, :, None].astype(np.int16))
    (problem,) = index_ct(tmp_path).failed
    assert "names 0 slices" in problem.reason


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("offset", [np.nan, np.inf])
def test_a_volume_that_lies_nowhere_is_refused(tmp_path, body, offset):
    affine = LPS_TO_RAS.copy()
    affine[2, 3] = offset
    image = nibabel.Nifti1Image(body.T[:, :, None].astype(np.int16), affine)
    nibabel.save(image, tmp_path / "a.nii")
    with pytest.raises(CTReadError, match="singular or not finite; convert it again"):
        index_ct(tmp_path / "a.nii")


def test_a_plane_across_thick_slices_gives_a_warning(tmp_path, body, read_one):
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
    with pytest.raises(CTReadError, match="cut short or damaged"):
        index_ct(path).slices[0].read()


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
        np.testing.assert_array_equal(ref.read().hu, body + number)
    assert _decoded.cache_info().currsize <= 2


def test_a_changed_volume_is_read_again(tmp_path, body):
    volume = body.T[:, :, None].astype(np.int16)
    path = save(tmp_path / "a.nii.gz", volume)
    (ref,) = index_ct(path).slices
    ref.read()
    save(path, volume + 7)
    np.testing.assert_array_equal(ref.read().hu, body + 7)


def test_a_volume_that_cannot_be_decoded_is_tried_once(tmp_path, body, monkeypatch):
    path = save(tmp_path / "a.nii.gz", np.repeat(body.T[:, :, None], 4, axis=2))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF  # inflates to as many bytes, of which some are wrong
    path.write_bytes(content)
    slices = index_ct(path).slices
    opened = []
    monkeypatch.setattr(coding, "Inflated", lambda file: opened.append(file) or Inflated(file))
    for ref in slices:
        with pytest.raises(CTReadError, match="cut short or damaged"):
            ref.read()
    assert len(opened) == 1


def test_a_compressed_volume_that_would_fill_the_memory_is_refused(tmp_path, body, monkeypatch):
    path = save(tmp_path / "a.nii.gz", body.T[:, :, None])
    monkeypatch.setattr(voxels, "MAX_DECODED_BYTES", 1 << 14)
    with pytest.raises(CTReadError, match=r"too large .*; unpack it: an uncompressed one is read"):
        index_ct(path)
    assert len(index_ct(save(tmp_path / "a.nii", body.T[:, :, None])).slices) == 1


def test_planes_that_are_too_large_are_refused(tmp_path):
    path = save(tmp_path / "a.nii", np.zeros((4097, 32, 1), np.int16))
    with pytest.raises(CTReadError, match=r"4097.* pixels is too large"):
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
@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"dim": [3, 64, 64, -5, 1, 1, 1, 1]}, "names -5 slices"),
        ({"dim": [3, -64, 64, 1, 1, 1, 1, 1]}, "-64 x 64 pixels is too small"),
        ({"dim": [3, 64, 64, 30000, 1, 1, 1, 1]}, "30000 slices are more than any series has"),
        ({"dim": [3, 64, 64, 19000, 1, 1, 1, 1]}, "the file is cut short or damaged"),
        ({"vox_offset": 2.0**30}, "puts the voxels 1073741824 bytes behind the start"),
        ({"vox_offset": -1}, "not readable|puts the voxels"),
        ({"vox_offset": np.inf}, "not readable"),
    ],
)
def test_hostile_headers_fail_and_are_named(tmp_path, body, suffix, fields, problem):
    save(tmp_path / "sound.nii", body.T[:, :, None])
    path = edited(save(tmp_path / f"a{suffix}", body.T[:, :, None]), **fields)
    found = index_ct(tmp_path)
    assert len(found.slices) == 1
    ((name, reason),) = found.failed
    assert name == str(path)
    with pytest.raises(CTReadError, match=problem) as error:
        index_ct(path)
    assert error.value.reason == reason


def test_a_million_slices_in_few_bytes_are_refused(tmp_path, body):
    path = tmp_path / "a.nii.gz"
    nibabel.save(nibabel.Nifti2Image(body.T[:, :, None], LPS_TO_RAS), path)
    edited(path, nibabel.Nifti2Header, dim=[3, 64, 64, 10**6, 1, 1, 1, 1])
    with pytest.raises(CTReadError, match="1000000 slices are more than any series has"):
        index_ct(path)


def test_what_follows_the_voxels_is_refused_and_not_inflated(tmp_path, body, monkeypatch):
    path = save(tmp_path / "a.nii.gz", body.T[:, :, None].astype(np.int16))
    with gzip.open(path, "ab") as file:
        for _ in range(64):
            file.write(bytes(1 << 20))
    inflated = []
    read = Inflated.read
    monkeypatch.setattr(Inflated, "read", lambda self, n: inflated.append(n) or read(self, n))
    with pytest.raises(CTReadError, match="more than the 8192 bytes of voxels"):
        index_ct(path).slices[0].read()
    assert sum(inflated) < 1 << 16


def test_a_plain_file_that_goes_on_behind_its_voxels_is_refused(tmp_path, body):
    path = save(tmp_path / "a.nii", np.repeat(body.T[:, :, None], 3, axis=2).astype(np.int16))
    edited(path, dim=[3, 64, 64, 2, 1, 1, 1, 1])
    with pytest.raises(CTReadError, match="8192 bytes follow the 16384 of the voxels"):
        index_ct(path)


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
    assert reason == "its header a.hdr is not there; put it into the same folder"


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


def test_a_volume_that_inflates_to_far_more_than_ct_can_is_refused(tmp_path, body, monkeypatch):
    path = save(tmp_path / "a.nii.gz", np.zeros((64, 64, 64), np.int16))
    assert len(index_ct(path).slices) == 64
    monkeypatch.setattr(voxels, "MAX_ANY_RATIO_BYTES", 1 << 16)
    with pytest.raises(
        CTReadError, match=r"would inflate to .* times its size\), which looks like"
    ):
        index_ct(path)


def test_another_kind_of_hdr_is_left_out(tmp_path, body):
    save(tmp_path / "sound.nii", body.T[:, :, None])
    (tmp_path / "b.hdr").write_text("ENVI\nsamples = 64\n" * 40)
    (problem,) = index_ct(tmp_path).left_out
    assert "neither NIfTI nor Analyze 7.5" in problem.reason


@pytest.mark.parametrize(
    "content", [b"", b"ab", gzip.compress(b"ab")[:-3], zlib.compress(b"ab" * 99)[:9]]
)
def test_streams_that_end_early_are_errors(tmp_path, content):
    (tmp_path / "a.nii.gz").write_bytes(content)
    with pytest.raises(CTReadError, match="not readable as NIfTI"):
        index_ct(tmp_path / "a.nii.gz")
