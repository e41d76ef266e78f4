"""Changes of resolution against what they should do to waves and points."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.simulate.processing.processing import Processing

SPACING = 0.5
COLUMNS = np.arange(128) * SPACING


def wave(period_mm: float) -> np.ndarray:
    return (100 * np.sin(2 * np.pi * COLUMNS / period_mm))[None, :].repeat(96, 0).astype(np.float32)


def gain(name: str, strength: float, period_mm: float) -> float:
    hu = wave(period_mm)
    result = Processing(name, strength).prepared(hu, SPACING)(hu)
    middle = np.s_[40:56, 32:96]
    return float((result[middle] * hu[middle]).sum() / np.square(hu[middle]).sum())


@pytest.mark.parametrize("width", [1.0, 2.0, 4.0])
def test_blur_has_the_transfer_of_a_gaussian(width: float) -> None:
    # At the frequency 0.4413 / width a Gaussian of this width at half maximum passes one half.
    assert gain("gaussian_blur", width, width / 0.4413) == pytest.approx(0.5, abs=0.03)


def test_sharpening_raises_fine_detail_and_leaves_coarse() -> None:
    assert gain("sharpening", 1.0, 2.0) == pytest.approx(2, abs=0.05)
    assert gain("sharpening", 1.0, 32.0) == pytest.approx(1, abs=0.05)


def test_larger_pixels_lose_what_is_finer_than_they_are() -> None:
    assert abs(gain("downsampling", 4.0, 2.0)) < 0.1  # pixels of 2 mm
    assert gain("downsampling", 4.0, 16.0) > 0.85
