"""Each group counts once, with its sign."""

from __future__ import annotations

import pytest

from distiliqa.statistics.within_groups import within_groups


def test_signs_are_kept_and_small_or_constant_groups_left_out() -> None:
    rising, falling = ([1, 2, 3, 4], [1, 2, 3, 4]), ([1, 2, 3], [3, 2, 1])
    constant, pair, none = ([1, 2, 3], [1, 1, 1]), ([1, 2], [1, 2]), ([1, 2, 3], [1, 2, 3])
    parts = (rising, falling, constant, pair, none)
    predicted = [value for part in parts for value in part[0]]
    true = [value for part in parts for value in part[1]]
    groups = [
        name for name, part in zip(("r", "f", "c", "p", None), parts, strict=True) for _ in part[0]
    ]
    found = within_groups(predicted, true, groups)
    assert found.srocc == pytest.approx((1 - 1) / 2)
    assert (found.groups, found.left_out) == (2, 2)


def test_nothing_to_average() -> None:
    assert within_groups([1.0], [1.0], [None]).srocc is None
