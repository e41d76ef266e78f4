from __future__ import annotations

import re

import numpy as np
import pytest

from distiliqa.compare.difference_text import (
    digits_of,
    interval,
    is_too_small,
    p_value,
    sign_of,
)
from distiliqa.statistics.paired_difference import difference


def test_small_p_is_a_bound():
    assert p_value(difference([np.random.default_rng(0).normal(5, 1, 40)])).startswith(
        "p < 0.001, "
    )
    assert p_value(difference([[1.0, -1.0]])) == "p = 1.00, exact"
    assert p_value(difference([[1.0, 2.0, 3.0, 4.0]])) == "p = 0.125, exact"


@pytest.mark.parametrize(
    ("values", "digits", "shown"),
    [
        ([7.9, 7.8, 8.0, 7.9, 8.0, 7.8], 1, r"\+7\.[89] to \+[78]\.\d"),
        ([0.0004, 0.0003, 0.0005, 0.0004, 0.0005, 0.0003], 2, r"\+0\.000\d to \+0\.000\d"),
        ([-0.0004, -0.0003, -0.0005, -0.0004, -0.0005, -0.0003], 2, r"-0\.000\d to -0\.000\d"),
        ([0.0] * 6, 2, r"0\.00 to 0\.00"),
        ([1e-15] * 6, 2, r"0\.00 to 0\.00"),  # what computers round
    ],
)
def test_no_end_of_an_interval_looks_like_zero_by_rounding(
    values: list[float], digits: int, shown: str
):
    found = difference([values])
    assert re.fullmatch(shown, interval(found, digits_of(found, digits)))


def test_a_difference_that_is_alike_in_all_slices_may_be_too_small():
    alike = difference([[0.0014, 0.0011, 0.0012, 0.0013, 0.0015, 0.0012, 0.0011]])
    assert alike.test.p == pytest.approx(2 / 2**7)
    assert is_too_small(alike, 2)
    assert not is_too_small(alike, 3)
    assert (sign_of(alike, 2), sign_of(alike, 3)) == (0, 1)


def test_chance_is_not_called_too_small():
    assert not is_too_small(difference([[0.001, -0.001, 0.0012, -0.0009]]), 2)
    assert not is_too_small(difference([[0.0] * 7]), 2)


def test_one_part_has_no_interval_and_no_sign():
    found = difference([[0.5]])
    assert interval(found, 2) == "undefined for one part"
    assert (sign_of(found, 2), is_too_small(found, 0)) == (0, False)
