"""A logistic curve is found again, and nothing is fitted where nothing can be."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.lab.evaluate.logistic_fit import fit_logistic


@pytest.mark.parametrize("sign", [1, -1])
def test_a_curve_is_recovered(sign: int) -> None:
    x = np.linspace(100, 900, 60)
    y = 0.5 + 3 / (1 + np.exp(-sign * (x - 420) / 80))
    fit = fit_logistic(x, y)
    assert fit is not None
    low, high = (0.5, 3.5) if sign == 1 else (3.5, 0.5)
    assert (fit.low, fit.high) == (pytest.approx(low, abs=1e-4), pytest.approx(high, abs=1e-4))
    assert (fit.middle, fit.width) == (pytest.approx(420, abs=0.1), pytest.approx(80, abs=0.1))
    assert fit.rmse == pytest.approx(0, abs=1e-5)
    assert fit.plcc == pytest.approx(1)


def test_the_error_is_what_is_left_of_noise() -> None:
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, 2000)
    fit = fit_logistic(1e4 * x, 4 / (1 + np.exp(-x)) + rng.normal(0, 0.2, 2000))
    assert fit is not None
    assert fit.rmse == pytest.approx(0.2, rel=0.05)


def test_no_fit_of_few_or_constant_values() -> None:
    rising = np.arange(20.0)
    assert fit_logistic(rising[:9], rising[:9]) is None
    assert fit_logistic(rising, np.ones(20)) is None
    assert fit_logistic(np.ones(20), rising) is None
