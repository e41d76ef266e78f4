from __future__ import annotations

import numpy as np
import pytest

from distiliqa.metrics import noise_map


def test_is_the_sample_deviation_of_the_box_around_each_pixel():
    image = np.random.default_rng(0).normal(-1000, 30, (40, 50))
    found = noise_map(image, (0.6, 0.6))  # 10 pixels
    assert found.shape == image.shape
    assert found[20, 30] == pytest.approx(image[15:25, 25:35].std(ddof=1), rel=1e-9)


def test_a_plain_slice_has_no_noise():
    assert noise_map(np.full((20, 20), -3024, np.int16)).max() == 0


@pytest.mark.parametrize(
    ("spacing", "size"), [(None, 9), ((0.7, 0.7), 9), ((3.0, 3.0), 7), ((0.0, 0.0), 9)]
)
def test_the_box_is_6_mm_and_no_less_than_7_pixels(spacing: tuple[float, float] | None, size: int):
    image = np.zeros((41, 41))
    image[20, 20] = 1
    assert np.count_nonzero(noise_map(image, spacing) > 1e-9) == size**2
