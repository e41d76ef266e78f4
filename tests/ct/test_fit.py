from __future__ import annotations

import numpy as np
import pytest

from distiliqa.ct import fit


def test_a_slice_of_the_right_size_is_untouched():
    hu = np.zeros((512, 512), np.float32)
    fitted, note = fit(hu)
    assert fitted is hu
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
    fitted, said = fit(hu, 6)
    assert said == note
    assert fitted.shape == (6, 6)
    assert fitted.dtype == np.float32
    middle = hu[shape[0] // 2 - 1 : shape[0] // 2 + 1, shape[1] // 2 - 1 : shape[1] // 2 + 1]
    np.testing.assert_array_equal(fitted[2:4, 2:4], middle)
    if min(shape) < 6:
        assert (fitted[:, 0] == -1000).all()


def test_an_odd_difference_puts_the_extra_pixel_at_the_end():
    fitted, _ = fit(np.zeros((3, 3), np.float32), 4)
    np.testing.assert_array_equal(fitted[0], [0, 0, 0, -1000])
