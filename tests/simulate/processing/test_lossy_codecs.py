"""Lossy compression: its error is small where it is mild, and the range stays."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.simulate.processing.processing import Processing

ROWS, COLUMNS = np.mgrid[:80, :72]
SMOOTH = (40 + 60 * np.sin(ROWS / 9) * np.cos(COLUMNS / 11)).astype(np.float32)


@pytest.mark.parametrize(("name", "mild"), [("jpeg", 98), ("jpeg2000", 2)])
def test_mild_compression_of_a_smooth_image_is_exact_to_a_gray(name: str, mild: float) -> None:
    coded = Processing(name, mild).prepared(SMOOTH, 0.7)(SMOOTH)
    assert np.abs(coded - SMOOTH).max() < 4
    assert not np.array_equal(coded, SMOOTH)


@pytest.mark.parametrize("name", ["jpeg", "jpeg2000"])
def test_air_and_metal_keep_their_hu_far_from_edges(name: str) -> None:
    hu = np.full((96, 96), -1000, np.float32)
    hu[:, 48:] = 5000
    coded = Processing(name, {"jpeg": 90.0, "jpeg2000": 4.0}[name]).prepared(hu, 0.7)(hu)
    assert np.allclose(coded[:, :24], -1000, atol=2)
    if name == "jpeg":  # 12 bits hold no more than 3071 HU
        assert np.array_equal(coded[:, 72:], hu[:, 72:])
    else:
        assert np.allclose(coded[:, 72:], 3071, atol=2)
