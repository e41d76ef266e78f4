from __future__ import annotations

import json

import numpy as np
import pytest
import tifffile

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError, NotCTError


def test_challenge_images_are_scaled_to_hu(tmp_path, body, read_one):
    path = tmp_path / "0001.tiff"
    values = ((body.clip(-1000, 400) + 1000) / 1400).astype(np.float32)
    tifffile.imwrite(path, values)
    np.testing.assert_allclose(read_one(path).hu, body.clip(-1000, 400), atol=1e-3)


def test_challenge_images_that_a_denoiser_left_beyond_the_ends_are_too(tmp_path, body, read_one):
    values = ((body.clip(-1000, 400) + 1000) / 1400).astype(np.float32)
    values[0, 0], values[1, 1] = -0.0005, 1.01
    tifffile.imwrite(tmp_path / "a.tif", values)
    np.testing.assert_allclose(read_one(tmp_path / "a.tif").hu, 1400 * values - 1000, atol=1e-3)


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.float64])
def test_other_values_are_hu(tmp_path, body, read_one, dtype):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, body.astype(dtype))
    np.testing.assert_array_equal(read_one(path).hu, body)


def test_pages_are_slices_of_one_series(tmp_path, body):
    path = tmp_path / "a.tif"
    stack = np.stack([body, body + 1, body + 2]).astype(np.int16)
    tifffile.imwrite(path, stack, photometric="minisblack")
    refs = index_ct(path).slices
    assert [ref.frame for ref in refs] == [0, 1, 2]
    assert {ref.series for ref in refs} == {str(path)}
    np.testing.assert_array_equal([ref.load().hu for ref in refs], stack)


@pytest.mark.parametrize("how", [{"truncate": True}, {"volumetric": True, "tile": (3, 64, 64)}])
def test_images_without_a_page_of_their_own_are_refused(tmp_path, body, how):
    stack = np.stack([body, body + 1, body + 2]).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack", **how)
    with pytest.raises(CTReadError, match="a page of the TIFF holds several images; save one a"):
        index_ct(tmp_path / "a.tif")


def test_single_images_of_a_folder_are_one_series_in_natural_order(tmp_path, body):
    for number in (10, 9, 2):
        tifffile.imwrite(tmp_path / f"slice{number}.tif", body.astype(np.int16))
    refs = index_ct(tmp_path).slices
    assert [ref.path for ref in refs] == [str(tmp_path / f"slice{n}.tif") for n in (2, 9, 10)]
    assert {ref.series for ref in refs} == {str(tmp_path)}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.zeros((64, 64), np.uint8), "uint8 hold no HU; save HU as float32"),
        (np.zeros((64, 64, 3), np.uint16), "color"),
    ],
)
def test_pictures_are_refused_with_a_remedy(tmp_path, values, reason):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, values, photometric="rgb" if values.ndim == 3 else "minisblack")
    with pytest.raises(NotCTError, match=reason):
        index_ct(path)


def test_nan_is_an_error(tmp_path, body):
    values = body.astype(np.float32)
    values[5, 5] = np.nan
    tifffile.imwrite(tmp_path / "a.tif", values)
    with pytest.raises(CTReadError, match="nan or infinite"):
        index_ct(tmp_path / "a.tif").slices[0].load()


def test_damaged_files_are_errors(tmp_path, body):
    path = tmp_path / "a.tif"
    path.write_text("not a TIFF")
    with pytest.raises(CTReadError, match="the TIFF cannot be read"):
        index_ct(path)
    tifffile.imwrite(path, body.astype(np.float32))
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(CTReadError, match="the TIFF cannot be read"):
        index_ct(path).slices[0].load()


def test_a_tiny_image_is_an_error(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((1, 1), np.float32))
    with pytest.raises(CTReadError, match="1 x 1 pixels is too small"):
        index_ct(tmp_path / "a.tif")


def test_the_challenge_images_show_soft_tissue(shared_data):
    folder = shared_data / "ct-dev" / "ldctiqac2023"
    (ratings,) = folder.glob("*.json")
    index = index_ct(folder)
    assert len(index.slices) == len(json.loads(ratings.read_text()))
    for ref in index.slices:
        hu = ref.load().hu
        assert (hu.min(), hu.max()) == (-1000, 400)
        middle = hu[128:384, 128:384]
        assert ((middle > -150) & (middle < 300)).mean() > 0.7
