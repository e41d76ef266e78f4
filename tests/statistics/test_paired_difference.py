from __future__ import annotations

import numpy as np
import pytest

from distiliqa.statistics.paired_difference import difference


def test_sums_up_the_differences():
    found = difference([[1.0, 2.0, 4.0, 5.0]])
    assert (found.n, found.mean, found.median) == (4, 3.0, 3.0)
    assert found.deviation == pytest.approx(np.std([1, 2, 4, 5], ddof=1))
    assert found.effect == pytest.approx(3 / np.std([1, 2, 4, 5], ddof=1))
    assert found.test.p == pytest.approx(2 / 16)
    low, high = found.interval or (0, 0)
    assert low < 3 < high


def test_one_slice_has_a_difference_and_nothing_more():
    found = difference([[0.5]])
    assert (found.mean, found.interval, found.deviation, found.effect) == (0.5, None, None, None)
    assert found.test.p == 1


def test_equal_differences_have_no_standardised_effect():
    found = difference([[0.0, 0.0, 0.0]])
    assert (found.interval, found.effect, found.test.p) == ((0, 0), None, 1)


def test_blocks_are_the_units_of_few_series_and_series_those_of_many():
    rng = np.random.default_rng(0)
    smooth = np.convolve(rng.normal(size=320), np.ones(20) / 20, "valid")
    few = difference([smooth, smooth[::-1]])
    assert few.block is not None
    assert 1 < few.block < 100
    assert few.test.n == few.units < few.n
    many = difference([rng.normal(size=10) for _ in range(6)])
    assert (many.block, many.units, many.n) == (None, 6, 60)
