from __future__ import annotations

import numpy as np
import pytest

from distiliqa.ct import SOFT_TISSUE, Window


def test_the_default_shows_soft_tissue():
    assert (SOFT_TISSUE.lower, SOFT_TISSUE.upper) == (-135, 215)


def test_linear_exact_clips_and_scales():
    hu = np.array([-1000, -135, -47.5, 40, 215, 3000], dtype=np.float32)
    shown = SOFT_TISSUE.apply(hu)
    np.testing.assert_array_equal(shown, np.float32([0, 0, 0.25, 0.5, 1, 1]))
    assert shown.dtype == np.float32


def test_integers_become_float64():
    assert SOFT_TISSUE.apply(np.array([40], dtype=np.int16)).dtype == np.float64


@pytest.mark.parametrize("width", [0, -1, float("nan")])
def test_a_width_that_is_not_positive_is_an_error(width):
    with pytest.raises(ValueError, match="width must be positive"):
        Window(width=width)
