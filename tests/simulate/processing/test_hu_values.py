"""Contrast, scale and offset of HU."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.simulate.processing.processing import Processing

NOISE = np.random.default_rng(0).normal(0, 10, (80, 96)).astype(np.float32)
TISSUE = np.where(np.arange(96) < 48, -60.0, 80.0).astype(np.float32)[None, :] + NOISE


def test_contrast_falls_and_noise_stays() -> None:
    pale = Processing("contrast_loss", 0.5).prepared(TISSUE, 0.7)(TISSUE)
    left, right = pale[8:-8, 8:40], pale[8:-8, 56:88]
    assert right.mean() - left.mean() == pytest.approx(70, abs=3)
    assert left.std() > 0.85 * TISSUE[8:-8, 8:40].std()


def test_air_and_bone_keep_their_hu() -> None:
    hu = np.full((48, 48), -1000, np.float32)
    hu[:, 24:] = 900
    assert np.array_equal(Processing("contrast_loss", 0.3).prepared(hu, 0.7)(hu), hu)


def test_scale_and_offset_are_those_of_a_wrong_rescale() -> None:
    assert np.allclose(Processing("hu_scale", 0.8).prepared(TISSUE, 1)(TISSUE), 0.8 * TISSUE)
    assert np.allclose(Processing("hu_offset", -30).prepared(TISSUE, 1)(TISSUE), TISSUE - 30)
