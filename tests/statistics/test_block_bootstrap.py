from __future__ import annotations

import numpy as np
import pytest

from distiliqa.statistics.block_bootstrap import (
    block_length,
    independent_length,
    mean_interval,
    parts,
)
from distiliqa.statistics.paired_difference import signed_rank


def along(n: int, correlation: float, seed: int) -> np.ndarray:
    """Values of which each resembles the one before: an autoregressive series of mean 0."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=n)
    for at in range(1, n):
        values[at] = correlation * values[at - 1] + (1 - correlation**2) ** 0.5 * values[at]
    return values


def test_neighbors_that_resemble_each_other_are_drawn_together():
    assert block_length([along(300, 0.0, seed=0)]) <= 3
    assert block_length([along(300, 0.9, seed=0)]) > 10


def test_a_block_is_at_most_a_third_so_that_there_are_some_to_draw_from():
    assert block_length([along(9, 0.99, seed) for seed in range(40)]) == 3


@pytest.mark.parametrize("values", [[1.0], [1.0, 2.0], [3.0] * 20])
def test_blocks_are_slices_where_no_correlation_is_found(values: list[float]):
    assert block_length([np.array(values)]) == 1


def covered_and_given(n: int, correlation: float, repeats: int = 400) -> tuple[float, float]:
    """Share of the intervals that hold the mean, and share of series that have one."""
    held = []
    for seed in range(repeats):
        values = along(n, correlation, seed)
        if (found := mean_interval([values], block_length([values]), seed=seed)) is not None:
            held.append(found[0] <= 0 <= found[1])
    return float(np.mean(held)), len(held) / repeats


@pytest.mark.parametrize(
    ("n", "correlation"), [(6, 0.0), (7, 0.0), (12, 0.0), (40, 0.0), (40, 0.6), (300, 0.9)]
)
def test_the_interval_covers_the_mean_as_often_as_it_says(n: int, correlation: float):
    covered, given = covered_and_given(n, correlation)
    assert covered > 0.91
    assert given > 0.85


@pytest.mark.parametrize(("n", "correlation"), [(6, 0.6), (12, 0.6), (20, 0.8)])
def test_few_slices_that_are_alike_are_covered_less_and_not_far_less(n: int, correlation: float):
    """The correlation of so few cannot be known; blocks alone covered 0.65 to 0.69."""
    covered, given = covered_and_given(n, correlation)
    assert covered > 0.82
    assert (1 - covered) * given < 0.13  # series of which the mean is misstated


@pytest.mark.parametrize(
    ("series", "n", "correlation", "least"),
    [(2, 6, 0.0, 0.91), (5, 3, 0.0, 0.91), (3, 8, 0.6, 0.87), (5, 3, 0.6, 0.68)],
)
def test_several_series_are_covered_as_the_page_says(
    series: int, n: int, correlation: float, least: float
):
    """The last is a limit: slices of series so short do not show that they are alike."""
    held = []
    for seed in range(250):
        values = [along(n, correlation, 1000 * seed + at) for at in range(series)]
        if (found := mean_interval(values, block_length(values), seed=seed)) is not None:
            held.append(found[0] <= 0 <= found[1])
    assert np.mean(held) > least


@pytest.mark.parametrize("lengths", [(20, 20, 5), (30, 30, 4), (40, 3)])
def test_a_short_series_makes_no_interval_too_narrow(lengths: tuple[int, ...]):
    """Without the effective number such series were covered in 0.78 to 0.82."""
    held = []
    for seed in range(250):
        values = [along(n, 0.8, 1000 * seed + at) for at, n in enumerate(lengths)]
        if (found := mean_interval(values, block_length(values), seed=seed)) is not None:
            held.append(found[0] <= 0 <= found[1])
    assert np.mean(held) > 0.88
    assert len(held) > 150


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_fewer_than_six_blocks_have_no_interval(n: int):
    values = np.array([1.0, -1.0, 2.0, -2.0, 1.5, -1.5])
    assert mean_interval([values[:n]], 1) is None
    assert mean_interval([values], 1) is not None


def test_slices_of_one_trend_are_worth_too_little_for_an_interval():
    assert mean_interval([np.arange(12.0)], 1) is None


@pytest.mark.parametrize(("n", "correlation"), [(12, 0.6), (20, 0.8)])
def test_parts_that_are_tested_are_longer_than_blocks(n: int, correlation: float):
    """As single slices, a third of such series of mean 0 would have a p below 0.05."""
    found = []
    for seed in range(300):
        values = along(n, correlation, seed)
        length = independent_length([values])
        assert block_length([values]) <= length <= n
        found.append(signed_rank([part.mean() for part in parts(values, length)]).p)
    assert np.mean(np.array(found) < 0.05) < 0.13


def test_one_block_has_no_interval():
    assert mean_interval([np.array([1.0])], 1) is None
    assert mean_interval([np.arange(9.0)], None) is None


def test_series_of_one_block_are_drawn_together():
    def interval(*series: list[float]) -> tuple[float, float] | None:
        return mean_interval([np.array(series_) for series_ in series], 1)

    assert interval([1.0], [-0.9]) is None
    assert interval(*([value] for value in (0.5, 0.4, 0.6, -1.2, 0.1))) is None
    found = interval([1.0], [-0.9], [1.0, 1.0], [-0.8, -0.9])
    assert found is not None
    assert found[0] < -0.5
    assert found[1] > 0.5


def test_whole_series_are_drawn_where_asked():
    series = [np.full(50, value) for value in (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)]
    low, high = mean_interval(series, None)
    assert (low < 2.3, high > 4.7) == (True, True)
    within = mean_interval(series, 1)
    assert within == (3.5, 3.5)


def test_the_same_seed_gives_the_same_interval():
    values = [np.exp(along(30, 0.0, seed=1))]
    assert mean_interval(values, 2, seed=5) == mean_interval(values, 2, seed=5)
    assert mean_interval(values, 2, seed=5) != mean_interval(values, 2, seed=6)
