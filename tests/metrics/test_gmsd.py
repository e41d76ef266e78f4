from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import convolve2d

from distiliqa.ct import SOFT_TISSUE
from distiliqa.metrics import gmsd

PREWITT = np.array([[1, 0, -1]] * 3) / 3


def as_in_the_paper(seen: np.ndarray, pristine: np.ndarray) -> np.ndarray:
    """The map of section II of Xue et al. for values in [0, 255]."""

    def gradient(values: np.ndarray) -> np.ndarray:
        small = convolve2d(values, np.full((2, 2), 0.25), mode="valid")[::2, ::2]
        across = convolve2d(small, PREWITT, mode="same")
        down = convolve2d(small, PREWITT.T, mode="same")
        return np.sqrt(across**2 + down**2)

    one, other = gradient(255 * seen), gradient(255 * pristine)
    return (2 * one * other + 170) / (one**2 + other**2 + 170)


@pytest.fixture
def similarity(pair: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return as_in_the_paper(*(SOFT_TISSUE.apply(hu.astype(float)) for hu in pair))


def test_is_that_of_the_paper(pair: tuple[np.ndarray, np.ndarray], similarity: np.ndarray):
    assert gmsd(*pair) == pytest.approx(similarity.std(), abs=1e-12)
    assert similarity.std() > 0.1


def test_only_the_mask_counts(pair: tuple[np.ndarray, np.ndarray], similarity: np.ndarray):
    mask = np.zeros(pair[0].shape, bool)
    mask[20:60, 30:90] = True
    assert gmsd(*pair, mask=mask) == pytest.approx(similarity[10:30, 15:45].std(), abs=1e-12)


def test_equal_images_are_zero(pair: tuple[np.ndarray, np.ndarray]):
    assert gmsd(pair[0], pair[0]) == 0
