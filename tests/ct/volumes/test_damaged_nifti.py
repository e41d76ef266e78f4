"""NIfTI files that are damaged, hostile or too large."""

from __future__ import annotations

import gzip
import zlib

import nibabel
import numpy as np
import pytest
from tests.support.niftis import LPS_TO_RAS, edited, save

from distiliqa.ct import index_ct
from distiliqa.ct.volumes import coding, voxels
from distiliqa.ct.volumes.coding import Inflated
from distiliqa.ct.volumes.voxels import _decoded
from distiliqa.errors import CTReadError


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


def test_a_volume_that_inflates_to_far_more_than_ct_can_is_refused(tmp_path, body, monkeypatch):
    path = save(tmp_path / "a.nii.gz", np.zeros((64, 64, 64), np.int16))
    assert len(index_ct(path).slices) == 64
    monkeypatch.setattr(voxels, "MAX_ANY_RATIO_BYTES", 1 << 16)
    with pytest.raises(
        CTReadError, match=r"would inflate to .* times its size\), which looks like"
    ):
        index_ct(path)


@pytest.mark.parametrize(
    "content", [b"", b"ab", gzip.compress(b"ab")[:-3], zlib.compress(b"ab" * 99)[:9]]
)
def test_streams_that_end_early_are_errors(tmp_path, content):
    (tmp_path / "a.nii.gz").write_bytes(content)
    with pytest.raises(CTReadError, match="not readable as NIfTI"):
        index_ct(tmp_path / "a.nii.gz")
