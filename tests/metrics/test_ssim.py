from __future__ import annotations

import numpy as np
import pytest
from skimage.metrics import structural_similarity

from distiliqa.ct import SOFT_TISSUE, Window
from distiliqa.metrics import ssim


@pytest.mark.parametrize("window", [SOFT_TISSUE, Window(1500, -600)])
def test_is_that_of_scikit_image(pair: tuple[np.ndarray, np.ndarray], window: Window):
    seen, pristine = (window.apply(hu.astype(float)) for hu in pair)
    expected = structural_similarity(pristine, seen, data_range=1.0)
    assert ssim(*pair, window) == pytest.approx(expected, abs=1e-12)
    assert 0.1 < expected < 0.9


def test_the_mask_takes_the_mean_of_the_map(pair: tuple[np.ndarray, np.ndarray]):
    seen, pristine = (SOFT_TISSUE.apply(hu.astype(float)) for hu in pair)
    _, whole = structural_similarity(pristine, seen, data_range=1.0, full=True)
    mask = np.zeros(seen.shape, bool)
    mask[20:60, 30:90] = True
    assert ssim(*pair, mask=mask) == pytest.approx(whole[mask].mean(), abs=1e-12)


def test_equal_images_are_exactly_one(pair: tuple[np.ndarray, np.ndarray]):
    assert ssim(pair[0], pair[0]) == 1


def test_small_images_are_refused():
    with pytest.raises(ValueError, match="at least 7 x 7"):
        ssim(np.zeros((6, 9)), np.zeros((6, 9)))
