from __future__ import annotations

import math

import numpy as np
import pytest

from distiliqa.statistics.size_trend import size_trend

SIZES = (260.0, 300.0, 330.0, 390.0)


def test_a_line_is_recovered_and_taken_out():
    found = size_trend([(size, 4 - size / 200) for size in SIZES], logarithmic=False)
    assert (found.start, found.slope, found.series) == (pytest.approx(4), pytest.approx(-0.005), 4)
    assert found.middle_mm == np.mean(SIZES)
    assert found.per_cm == pytest.approx(-0.05)
    assert found.beside(3.0, 300) == pytest.approx(0.5)
    assert found.at_middle(3.0, 300) == pytest.approx(3.0 - 0.005 * (found.middle_mm - 300))


def test_a_power_of_size_is_recovered_and_taken_out():
    pairs = [(size, math.exp(1 + 0.005 * size)) for size in SIZES]
    found = size_trend(pairs, logarithmic=True)
    assert (found.start, found.slope) == pytest.approx((1, 0.005))
    assert found.at(300) == pytest.approx(math.exp(2.5))
    assert found.per_cm == pytest.approx(math.exp(0.05) - 1)
    assert found.beside(1.2 * math.exp(2.5), 300) == pytest.approx(0.2)
    middle = math.exp(1 + 0.005 * found.middle_mm)
    assert [found.at_middle(value, size) for size, value in pairs] == pytest.approx([middle] * 4)


def test_scatter_is_fitted_by_least_squares():
    values = (3.0, 3.5, 2.0, 1.0)
    slope, start = np.linalg.lstsq(np.c_[SIZES, np.ones(4)], values, rcond=None)[0]
    found = size_trend(zip(SIZES, values, strict=True), logarithmic=False)
    assert (found.slope, found.start) == pytest.approx((slope, start))


def test_what_is_not_known_or_has_no_logarithm_is_left_out():
    pairs = [*((size, 2.0) for size in SIZES), (None, 5.0), (300.0, None), (280.0, 0.0)]
    assert size_trend(pairs, logarithmic=True).series == 4
    assert size_trend(pairs, logarithmic=False).series == 5


def test_below_three_series_there_is_no_trend():
    assert size_trend([(300, 1), (340, 2)], logarithmic=False) is None


def test_sizes_that_are_alike_have_a_mean_and_no_slope():
    found = size_trend([(300, 10), (310, 20), (319, 40)], logarithmic=True)
    assert (found.slope, found.per_cm) == (0, None)
    assert found.at(500) == pytest.approx(20)
