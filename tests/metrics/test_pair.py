from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from distiliqa.ct import Window
from distiliqa.metrics import gmsd, psnr, ssim, vif
from distiliqa.metrics.pair import seen_through


def test_both_pass_the_window_in_double_precision():
    image, reference = np.array([[-100, 0]], np.int16), np.array([[50, 200]], np.float32)
    seen, pristine = seen_through(Window(100, 50), image, reference)
    assert seen.tolist() == [[0, 0]]
    assert pristine.tolist() == [[0.5, 1]]
    assert seen.dtype == pristine.dtype == np.float64


@pytest.mark.parametrize(
    ("image", "reference", "mask"),
    [
        (np.zeros((4, 5)), np.zeros((5, 4)), None),
        (np.zeros(20), np.zeros(20), None),
        (np.zeros((4, 5)), np.zeros((4, 5)), np.ones((5, 4), bool)),
        (np.zeros((4, 5)), np.zeros((4, 5)), np.zeros((4, 5), bool)),
    ],
)
def test_what_does_not_fit_is_refused(image: np.ndarray, reference: np.ndarray, mask: np.ndarray):
    with pytest.raises(ValueError, match=r"\(4, 5\)|\(20,\)"):
        seen_through(Window(), image, reference, mask)


@pytest.mark.parametrize("metric", [psnr, ssim, vif, gmsd])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_refused(metric: Callable[..., float], value: float):
    whole, broken = np.zeros((2, 64, 64))
    broken[30, 30] = value
    for pair in ((whole, broken), (broken, whole)):
        with pytest.raises(ValueError, match="NaN or infinite"):
            metric(*pair)


@pytest.mark.parametrize("metric", [psnr, ssim, vif, gmsd])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_mask_of_numbers_is_refused(metric: Callable[..., float], dtype: type):
    image = np.zeros((64, 64))
    with pytest.raises(ValueError, match="give booleans"):
        metric(image, image, mask=np.ones((64, 64), dtype))


@pytest.mark.parametrize(("metric", "row"), [(ssim, 1), (gmsd, 30)])
def test_a_mask_of_which_no_window_is_left_is_refused(metric: Callable[..., float], row: int):
    image, mask = np.zeros((64, 64)), np.zeros((64, 64), bool)
    mask[row] = True
    with pytest.raises(ValueError, match="the mask is too thin or too near the edge"):
        metric(image, image, mask=mask)
