"""Least squares, against SciPy and a known minimum."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import optimize

from distiliqa.least_squares import least_squares

Array = NDArray[np.float64]
TIME = np.linspace(0, 4, 30)
DATA = 2.5 * np.exp(-1.3 * TIME) + 0.4 + np.random.default_rng(0).normal(0, 0.05, TIME.shape)


def decay(values: Array) -> tuple[Array, Array]:
    height, rate, floor = values
    fall = np.exp(-rate * TIME)
    slopes = np.stack([fall, -height * TIME * fall, np.ones_like(TIME)], axis=1)
    return height * fall + floor - DATA, slopes


def valley(values: Array) -> tuple[Array, Array]:
    """The valley of Rosenbrock; its minimum is at 1, 1."""
    x, y = values
    return np.array([10 * (y - x**2), 1 - x]), np.array([[-20 * x, 10], [-1, 0]])


def test_scipy_finds_the_same() -> None:
    found = least_squares(decay, [1.0, 1.0, 0.0])
    expected = optimize.least_squares(lambda v: decay(v)[0], [1.0, 1.0, 0.0], xtol=1e-12).x
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_a_bent_valley_is_followed_to_its_end() -> None:
    np.testing.assert_allclose(least_squares(valley, [-1.2, 1.0]), [1, 1], rtol=1e-8)


def test_a_parameter_that_changes_nothing_stays() -> None:
    def residuals(values: Array) -> tuple[Array, Array]:
        return values[:1] - 3, np.array([[1.0, 0.0]])

    assert least_squares(residuals, [0.0, 7.0]) == pytest.approx([3, 7])
