from __future__ import annotations

import numpy as np
import pytest

from distiliqa.ct import SOFT_TISSUE, Window
from distiliqa.scoring.prepare import check_hu, content_doubt


@pytest.mark.parametrize(
    ("hu", "problem"),
    [
        (np.zeros(64), r"shape \(64,\)"),
        (np.zeros((2, 64, 64)), r"shape \(2, 64, 64\)"),
        (np.zeros((0, 0)), "0 x 0 pixels"),
        (np.zeros((1, 1)), "1 x 1 pixels; at least 32 x 32"),
        (np.zeros((31, 512)), "31 x 512 pixels"),
        (np.full((64, 64), np.nan), "4096 pixels are NaN or infinite"),
        (np.diag([np.inf] * 64), "64 pixels are NaN or infinite"),
        (np.full((64, 64), 1e300), "4096 pixels are NaN or infinite"),
        (np.zeros((64, 64), complex), "complex128"),
        (np.zeros((64, 64), bool), "bool"),
        (np.full((64, 64), "a"), "<U1"),
    ],
)
def test_what_is_no_image_in_hu_is_named(hu: np.ndarray, problem: str):
    with pytest.raises(ValueError, match=problem):
        check_hu(hu)


@pytest.mark.parametrize("dtype", [np.int16, np.uint8, np.float16, np.float32, np.float64])
def test_real_numbers_become_float32(dtype: type):
    checked = check_hu(np.full((32, 40), 40, dtype))
    assert checked.dtype == np.float32
    assert (checked == 40).all()


@pytest.mark.parametrize("hu", [np.full((64, 64), -1000), np.full((64, 64), 40), np.eye(64) - 999])
def test_nothing_to_see_is_told(hu: np.ndarray):
    told = content_doubt(check_hu(hu), SOFT_TISSUE)
    assert told == f"no image content: {hu.min():g} to {hu.max():g} HU"


@pytest.mark.parametrize("highest", [1, 1024])
def test_values_unlike_hu_are_told(highest: int):
    hu = check_hu(np.linspace(0, 1, 4096).reshape(64, 64) * highest)
    assert content_doubt(hu, SOFT_TISSUE) == (
        f"values look unlike HU: no air or fat, 0 to {highest}"
    )


def test_an_image_is_not_doubted():
    hu = check_hu(np.linspace(-1000, 1000, 4096).reshape(64, 64))
    assert content_doubt(hu, SOFT_TISSUE) is None
    assert "no image content" in str(content_doubt(hu, Window(width=100, level=3000)))
