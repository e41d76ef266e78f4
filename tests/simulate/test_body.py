from __future__ import annotations

import numpy as np
import pytest

from distiliqa.simulate.patient import body_outline, lung_share


def patient() -> np.ndarray:
    """A disc of 140 pixels with two lungs of 44 on a table."""
    y, x = np.mgrid[:256, :256] - 128
    hu = np.where(np.hypot(x, y) < 70, 40.0, -1000.0)
    for side in (-30, 30):
        hu[np.hypot(x - side, y) < 22] = -850
    hu[196:199, 20:236] = 100  # the disc lies on it
    return hu + np.random.default_rng(0).normal(0, 60, hu.shape)


def test_the_lungs_are_inside_the_outline_and_the_table_is_not():
    inside = body_outline(patient())
    assert inside[128, 98]
    assert inside[128, 128]
    assert not inside[196:, :100].any()
    assert inside.sum() == pytest.approx(np.pi * 70**2, rel=0.05)


def test_the_share_of_lung_is_that_of_its_area():
    assert lung_share(patient()) == pytest.approx(2 * (22 / 70) ** 2, abs=0.03)


def test_air_has_no_body():
    air = np.random.default_rng(0).normal(-1000, 50, (64, 64))
    assert not body_outline(air).any()
    assert lung_share(air) == 0
