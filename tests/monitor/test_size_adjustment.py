from __future__ import annotations

import numpy as np
import pytest

from distiliqa.monitor.size_adjustment import adjust_for_size
from distiliqa.statistics.control_chart import BASELINE

COUNT = BASELINE + 5
SIZES = {n: 250.0 + 4 * (n % 20) for n in range(1, COUNT + 1)}
MIDDLE = np.mean([SIZES[n] for n in range(1, BASELINE + 1)])


def noise_at(size: float) -> float:
    return float(12 * np.exp(0.008 * (size - MIDDLE)))


def test_what_size_alone_explains_becomes_one_value():
    found = adjust_for_size([(n, noise_at(SIZES[n])) for n in SIZES], SIZES, logarithmic=True)
    assert found is not None
    assert [value for _, value in found.values] == pytest.approx([12.0] * COUNT)
    assert (found.size_mm, found.per_cm) == pytest.approx((MIDDLE, np.expm1(0.08)))


def test_a_change_after_the_baseline_stays():
    values = [(n, 3 - 0.01 * (SIZES[n] - MIDDLE) - (n > BASELINE)) for n in SIZES]
    found = adjust_for_size(values, SIZES, logarithmic=False)
    assert found is not None
    assert [value for _, value in found.values] == pytest.approx([3.0] * BASELINE + [2.0] * 5)


def test_series_without_a_size_are_left_out():
    sizes = {n: size for n, size in SIZES.items() if n not in (3, 4)}
    found = adjust_for_size([(n, 3.0) for n in SIZES], sizes, logarithmic=False)
    assert found is not None
    assert found.left_out == 2
    assert [number for number, _ in found.values] == sorted(sizes)


@pytest.mark.parametrize(
    "sizes",
    [
        {},
        {n: SIZES[n] for n in range(1, BASELINE)},
        {n: 300.0 + n % 2 for n in SIZES},  # a phantom, placed again and again
    ],
)
def test_too_few_sizes_or_all_alike_have_no_trend(sizes: dict[int, float]):
    assert adjust_for_size([(n, 3.0) for n in SIZES], sizes, logarithmic=False) is None


def test_most_series_have_to_have_a_size():
    values = [(n, 3.0) for n in range(1, 2 * COUNT + 2)]
    assert adjust_for_size(values, SIZES, logarithmic=False) is None


def test_zero_in_the_baseline_has_no_logarithm():
    values = [(n, float(n % 3)) for n in SIZES]
    assert adjust_for_size(values, SIZES, logarithmic=True) is None


def test_zero_after_the_baseline_stays_and_takes_no_trend_away():
    zero = BASELINE + 2
    values = [(n, 0.0 if n == zero else noise_at(SIZES[n])) for n in SIZES]
    found = adjust_for_size(values, SIZES, logarithmic=True)
    assert found is not None
    expected = [0.0 if n == zero else 12.0 for n in SIZES]
    assert [value for _, value in found.values] == pytest.approx(expected)
