from __future__ import annotations

import numpy as np
import pytest

from distiliqa.ct import crop_or_pad
from distiliqa.ct.crop_or_pad import undo_crop_or_pad


def test_a_slice_of_the_right_size_is_untouched():
    hu = np.zeros((512, 512), np.float32)
    sized, note = crop_or_pad(hu)
    assert sized is hu
    assert note is None


@pytest.mark.parametrize(
    ("shape", "note"),
    [
        ((4, 4), "4 x 4 padded to 6 x 6, not resampled"),
        ((8, 8), "8 x 8 cropped to 6 x 6, not resampled"),
        ((8, 4), "8 x 4 cropped and padded to 6 x 6, not resampled"),
    ],
)
def test_the_middle_is_kept_and_air_is_around_it(shape, note):
    hu = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    sized, found = crop_or_pad(hu, 6)
    assert found == note
    assert sized.shape == (6, 6)
    assert sized.dtype == np.float32
    middle = hu[shape[0] // 2 - 1 : shape[0] // 2 + 1, shape[1] // 2 - 1 : shape[1] // 2 + 1]
    np.testing.assert_array_equal(sized[2:4, 2:4], middle)
    if min(shape) < 6:
        assert (sized[:, 0] == -1000).all()


def test_an_odd_difference_puts_the_extra_pixel_at_the_end():
    sized, _ = crop_or_pad(np.zeros((3, 3), np.float32), 4)
    np.testing.assert_array_equal(sized[0], [0, 0, 0, -1000])


@pytest.mark.parametrize("shape", [(6, 6), (4, 4), (9, 9), (9, 4), (3, 7)])
def test_a_map_is_laid_where_the_pixels_came_from(shape):
    rows, columns = np.indices(shape)
    number = (1 + rows * shape[1] + columns).astype(np.float32)
    sized, _ = crop_or_pad(number, 6)
    laid = undo_crop_or_pad(sized, shape, 6)  # a patch a pixel
    seen = np.isin(number, sized)
    np.testing.assert_array_equal(laid[seen], number[seen])
    assert np.isnan(laid[~seen]).all()


def test_pixels_have_the_value_of_their_patch():
    laid = undo_crop_or_pad(np.array([[1.0, 2.0], [3.0, 4.0]]), (4, 8), 4)
    np.testing.assert_array_equal(laid[0], [np.nan, np.nan, 1, 1, 2, 2, np.nan, np.nan])
    np.testing.assert_array_equal(laid[:, 2], [1, 1, 3, 3])
    assert laid.dtype == np.float32


def test_patches_need_not_divide_the_slice():
    laid = undo_crop_or_pad(np.arange(3.0)[np.newaxis], (4, 4), 4)
    np.testing.assert_array_equal(laid, [[0, 0, 1, 2]] * 4)
