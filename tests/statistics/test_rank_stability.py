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


def along(n: int, correlation: float, rng: np.random.Generator) -> np.ndarray:
    """An autoregressive series of mean 0 and variance 1."""
    values = rng.normal(size=n)
    for at in range(1, n):
        values[at] = correlation * values[at - 1] + (1 - correlation**2) ** 0.5 * values[at]
    return values


@pytest.mark.parametrize(("n", "correlation"), [(40, 0.6), (100, 0.8)])
def test_differences_of_one_patient_are_covered_as_often_as_they_say(
    n: int, correlation: float
) -> None:
    """The difference may change more slowly along z than the scores, whose noise it is in."""
    held = []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        scores = 3 * rng.normal(size=n)
        found = ranking([scores, scores + along(n, correlation, rng) / 2], None, seed=seed)
        (interval,) = [one for one in found.behind_intervals if one is not None] or [None]
        if interval is not None:
            held.append(interval[0] <= 0 <= interval[1])
    assert np.mean(held) > 0.88  # blocks as long as the scores are alike gave 0.48
    assert len(held) > 100


def test_the_ranks_of_one_patient_are_drawn_in_blocks_of_the_slowest_change() -> None:
    rng = np.random.default_rng(3)
    scores, slow = 3 * rng.normal(size=60), along(60, 0.8, rng) / 2
    alone, both = ranking([scores, scores[::-1]], None), ranking([scores, scores + slow], None)
    assert both.units < alone.units / 2
