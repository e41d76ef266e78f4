from __future__ import annotations

import os
import sys

import numpy as np
import pytest

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError, NotCTError


@pytest.fixture(scope="module")
def itk():
    return pytest.importorskip("SimpleITK")


def save(itk, path, slices, direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)):
    image = itk.GetImageFromArray(slices)
    image.SetSpacing((0.7, 0.7, 3))
    image.SetOrigin((-10, -20, 30))
    image.SetDirection(direction)
    itk.WriteImage(image, str(path))
    return path


@pytest.mark.parametrize("name", ["a.mha", "a.mhd", "a.nrrd", "a.nhdr"])
def test_volumes_read(itk, tmp_path, body, name):
    slices = np.stack([body, body + 1, body + 2]).astype(np.int16)
    index = index_ct(save(itk, tmp_path / name, slices))
    images = [ref.load() for ref in index.slices]
    np.testing.assert_array_equal([image.hu for image in images], slices)
    assert [image.position_mm for image in images] == [30, 33, 36]
    assert images[0].spacing_mm == pytest.approx((0.7, 0.7))


def test_orientation_is_undone(itk, tmp_path, body):
    slices = np.stack([body, body + 1]).astype(np.int16)
    stored = slices[:, ::-1, ::-1]
    path = save(itk, tmp_path / "a.mha", stored, (-1, 0, 0, 0, -1, 0, 0, 0, 1))
    np.testing.assert_array_equal([ref.load().hu for ref in index_ct(path).slices], slices)


def test_bytes_and_colors_and_planes_are_refused(itk, tmp_path):
    save(itk, tmp_path / "mask.mha", np.zeros((2, 64, 64), np.uint8))
    with pytest.raises(NotCTError, match="uint8 hold no HU"):
        index_ct(tmp_path / "mask.mha")
    color = itk.GetImageFromArray(np.zeros((2, 64, 64, 3), np.int16), isVector=True)
    itk.WriteImage(color, str(tmp_path / "color.mha"))
    with pytest.raises(CTReadError, match="3 dimensions of 3 values; give one gray-scale volume"):
        index_ct(tmp_path / "color.mha")
    itk.WriteImage(itk.GetImageFromArray(np.zeros((64, 64))), str(tmp_path / "plane.mha"))
    with pytest.raises(CTReadError, match="2 dimensions"):
        index_ct(tmp_path / "plane.mha")


def test_damaged_files_are_errors(itk, tmp_path, body):
    path = save(itk, tmp_path / "a.mha", np.stack([body, body]))
    path.write_bytes(path.read_bytes()[:-9000])
    with pytest.raises(CTReadError, match="cut short or damaged"):
        index_ct(path).slices[0].load()
    path.write_text("not a volume")
    with pytest.raises(CTReadError, match="not readable as a volume"):
        index_ct(path)


@pytest.mark.skipif(os.name == "nt", reason="such a name is not allowed")
def test_a_name_that_is_not_utf_8_is_an_error(itk, tmp_path, body):
    path = save(itk, tmp_path / "a.mha", np.stack([body, body]))
    odd = path.rename(os.fsdecode(bytes(tmp_path / "a") + b"\xe4.mha"))
    with pytest.raises(CTReadError, match="its name is not UTF-8; rename it"):
        index_ct(odd)


def test_without_simple_itk_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    (tmp_path / "a.mha").write_text("")
    with pytest.raises(CTReadError, match=r'SimpleITK; pip install "simpleitk>='):
        index_ct(tmp_path / "a.mha")
