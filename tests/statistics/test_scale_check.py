"""Different scales are detected; sides that merely disagree are not."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.statistics.scale_check import on_different_scales

X = np.linspace(0, 4, 40)
NOISE = np.random.default_rng(0).normal(0, 0.5, 40)
OTHER = [25 * X + 10 * NOISE, 10 - 2 * X, X + 6, 100 * (X + NOISE), X / 4, 100 - 20 * X]
SAME = [
    X + NOISE,
    X + 2 * NOISE,
    0.3 * X + 1 + NOISE,
    np.full(40, 2.0),
    4 - X,
    np.clip(X, 0, 2.5),
]


@pytest.mark.parametrize("y", OTHER)
def test_other_scales(y: np.ndarray) -> None:
    assert on_different_scales(X, y)
    assert on_different_scales(y, X)


@pytest.mark.parametrize("y", SAME)
def test_the_same_scale(y: np.ndarray) -> None:
    assert not on_different_scales(X, y)
