from __future__ import annotations

import math

import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio

from distiliqa.ct import SOFT_TISSUE, Window
from distiliqa.metrics import psnr


def test_is_that_of_scikit_image(pair: tuple[np.ndarray, np.ndarray]):
    seen, pristine = (SOFT_TISSUE.apply(hu.astype(float)) for hu in pair)
    expected = peak_signal_noise_ratio(pristine, seen, data_range=1.0)
    assert psnr(*pair) == pytest.approx(expected, abs=1e-12)


def test_the_peak_is_the_width_of_the_window():
    flat = np.full((8, 8), 40.0)
    assert psnr(flat + 35, flat) == pytest.approx(20)
    assert psnr(flat + 35, flat, Window(1000, 40)) == pytest.approx(-20 * math.log10(0.035))


def test_equal_in_the_window_is_infinite():
    flat = np.full((8, 8), 300.0)
    assert psnr(flat + 500, flat) == math.inf


def test_only_the_mask_counts():
    flat = np.full((8, 8), 40.0)
    image, mask = flat.copy(), np.zeros((8, 8), bool)
    image[:, :4] += 35
    mask[2:5, :4] = True
    assert psnr(image, flat, mask=mask) == pytest.approx(20)
    assert psnr(image, flat, mask=~mask) > 21
