from __future__ import annotations

import numpy as np
import pytest

from distiliqa.statistics.paired_difference import MAX_EXACT, difference, signed_rank


@pytest.mark.parametrize(
    ("differences", "p"),
    [([1, 2, 3, 4, 5], 2 / 32), ([1, 2, 3, 4, 5, 6], 2 / 64), ([-1, 2, 3], 4 / 8), ([2, -2], 1.0)],
)
def test_few_differences_are_counted_out(differences: list[float], p: float):
    found = signed_rank(differences)
    assert (found.p, found.exact) == (pytest.approx(p), True)


def test_ties_share_their_rank_and_zeros_are_left_out():
    found = signed_rank([0, 1, 1, -1, 3])
    assert (found.rank_sum, found.n) == (2 + 2 + 4, 4)
    # Of the 16 sums of {2, 2, 2, 4}, those of at most 2 or at least 8: 1 + 3 and as many above.
    assert found.p == pytest.approx(8 / 16)


def test_nothing_differs():
    assert signed_rank([0.0, 0.0]).p == 1


@pytest.mark.parametrize("n", [4, 17, MAX_EXACT, 51, 400])
def test_equals_scipy(n: int):
    stats = pytest.importorskip("scipy.stats")
    differences = np.random.default_rng(n).normal(0.2, 1, n)
    found = signed_rank(differences)
    method = "exact" if found.exact else "approx"
    expected = stats.wilcoxon(differences, method=method, correction=True)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-9)


def test_the_two_ways_meet_where_one_takes_over(monkeypatch: pytest.MonkeyPatch):
    differences = np.random.default_rng(0).normal(0.3, 1, MAX_EXACT)
    counted = signed_rank(differences)
    monkeypatch.setattr("distiliqa.statistics.paired_difference.MAX_EXACT", 0)
    approximate = signed_rank(differences)
    assert (counted.exact, approximate.exact) == (True, False)
    assert approximate.p == pytest.approx(counted.p, abs=0.001)


def test_sums_up_the_differences():
    found = difference([[1.0, 5.0, 2.0, 4.0, 1.0, 5.0]])
    assert (found.n, found.mean, found.median) == (6, 3.0, 3.0)
    assert found.deviation == pytest.approx(np.std([1, 5, 2, 4, 1, 5], ddof=1))
    assert found.effect == pytest.approx(3 / np.std([1, 5, 2, 4, 1, 5], ddof=1))
    assert found.test.p == pytest.approx(2 / 64)
    low, high = found.interval or (0, 0)
    assert low < 3 < high


def test_one_slice_has_a_difference_and_nothing_more():
    found = difference([[0.5]])
    assert (found.mean, found.interval, found.deviation, found.effect) == (0.5, None, None, None)
    assert found.test.p == 1


def test_equal_differences_have_no_standardized_effect():
    found = difference([[0.0] * 6])
    assert (found.interval, found.effect, found.test.p) == ((0, 0), None, 1)
    for value in (0.1, 0.7, -3.3, 1e-15):  # some means of equal values are off by rounding
        found = difference([np.full(n, value) for n in (3, 6, 49)])
        assert (found.deviation, found.effect) == (0.0, None)
        assert found.interval == pytest.approx((value, value))
    found = difference([np.array([3.9, 3.8, 3.7, 3.6]) - np.array([3.8, 3.7, 3.6, 3.5])])
    assert found.effect is None


def test_blocks_are_the_units_of_few_series_and_series_those_of_many():
    rng = np.random.default_rng(0)
    smooth = np.convolve(rng.normal(size=320), np.ones(20) / 20, "valid")
    few = difference([smooth, smooth[::-1]])
    assert few.block is not None
    assert 1 < few.block < 100
    assert few.test.n == few.units < few.n
    many = difference([rng.normal(size=10) for _ in range(6)])
    assert (many.block, many.units, many.n) == (None, 6, 60)
