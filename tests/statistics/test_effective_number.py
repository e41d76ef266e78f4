from __future__ import annotations

import numpy as np
import pytest
from tests.statistics.test_block_bootstrap import along

from distiliqa.statistics.effective_number import (
    correlation_of_neighbors,
    half_width,
    slices_to_a_value,
)


@pytest.mark.parametrize("correlation", [0.0, 0.3, 0.6])
def test_the_bias_of_short_series_is_taken_off(correlation: float):
    many = [along(12, correlation, seed) for seed in range(2000)]
    assert correlation_of_neighbors(many) == pytest.approx(correlation, abs=0.07)


def test_equal_and_alternating_slices_have_no_correlation():
    assert correlation_of_neighbors([np.ones(9)]) == 0
    assert correlation_of_neighbors([np.array([1.0, -1.0] * 5)]) == 0


def test_slices_to_a_value_is_the_variance_of_the_mean():
    n, correlation = 7, 0.5
    lags = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    assert slices_to_a_value(n, correlation) == pytest.approx((correlation**lags).sum() / n)
    assert slices_to_a_value(n, 0.0) == 1
    assert slices_to_a_value(n, 1.0) == pytest.approx(n)


def test_independent_slices_have_the_interval_of_student():
    stats = pytest.importorskip("scipy.stats")
    values = np.array([1.0, -1.0, 2.0, -2.0, 3.0, -3.0, 0.5])
    expected = stats.t.ppf(0.975, 6) * stats.sem(values)
    assert half_width([values], 0.95) == pytest.approx(expected)


def test_series_are_stratified():
    """What series differ by does not widen the interval of these series."""
    rng = np.random.default_rng(0)
    one, other = rng.permutation(np.arange(8.0) % 7), rng.permutation(np.arange(8.0) % 5)
    assert half_width([one, other + 100], 0.95) == pytest.approx(half_width([one, other], 0.95))


def test_slices_that_are_worth_one_value_have_none():
    assert half_width([np.arange(5.0)], 0.95) is None
    assert half_width([np.ones(1)], 0.95) is None
