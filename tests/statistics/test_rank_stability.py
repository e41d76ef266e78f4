from __future__ import annotations

import numpy as np
import pytest

from distiliqa.statistics.rank_stability import ranking


def test_ranks_means_and_differences_to_the_first() -> None:
    rng = np.random.default_rng(0)
    hard = rng.normal(0, 1, 40)  # what all methods share
    values = np.stack([hard, hard + 0.5, hard - 1 + rng.normal(0, 0.01, 40)])
    units = [f"p{n // 4}" for n in range(40)]
    found = ranking(values, units)
    assert found.ranks == (2, 1, 3)
    assert found.means == pytest.approx(values.mean(axis=1))
    assert found.behind == pytest.approx((-0.5, 0.0, values[2].mean() - values[1].mean()))
    assert found.held == (1.0, 1.0, 1.0)
    assert found.first == (0.0, 1.0, 0.0)
    assert (found.slices, found.units) == (40, 10)
    # What they share cancels: the interval of the difference is far narrower than that of a mean.
    assert found.behind_intervals[0] == pytest.approx((-0.5, -0.5))
    assert found.behind_intervals[1] is None
    low, high = found.intervals[0]
    assert high - low > 0.2


def test_whole_units_are_drawn() -> None:
    """Two patients of which each has another best method: each draw of both twice is a tie."""
    values = [[1.0] * 5 + [0.0] * 5, [0.0] * 5 + [1.0] * 5]
    found = ranking(values, ["a"] * 5 + ["b"] * 5)
    assert found.ranks == (1, 1)
    assert found.first == pytest.approx((0.75, 0.75), abs=0.05)
    assert found.intervals == (None, None)  # two units are too few


def test_lower_may_be_better_and_rounding_is_no_rank() -> None:
    found = ranking([[0.3, 0.1], [0.1, 0.3], [0.5, 0.5]], ["a", "b"], higher_is_better=False)
    assert found.ranks == (1, 1, 3)


def test_one_unit_has_no_draws() -> None:
    found = ranking([[1.0, 2.0], [3.0, 4.0]], ["a", "a"])
    assert (found.ranks, found.held, found.first, found.units) == ((2, 1), None, None, 1)
