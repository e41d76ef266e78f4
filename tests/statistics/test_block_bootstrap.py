from __future__ import annotations

import numpy as np
import pytest

from distiliqa.statistics.block_bootstrap import block_length, mean_interval


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


@pytest.mark.parametrize(("n", "correlation"), [(7, 0.0), (40, 0.0), (300, 0.9)])
def test_the_interval_covers_the_mean_as_often_as_it_says(n: int, correlation: float):
    covered = 0
    for seed in range(200):
        values = along(n, correlation, seed)
        found = mean_interval([values], block_length([values]), seed=seed)
        assert found is not None
        covered += found[0] <= 0 <= found[1]
    assert covered / 200 > 0.88


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
    values = [along(30, 0.3, seed=1)]
    assert mean_interval(values, 2, seed=5) == mean_interval(values, 2, seed=5)
    assert mean_interval(values, 2, seed=5) != mean_interval(values, 2, seed=6)
