from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t

from distiliqa.statistics.control_chart import (
    BASELINE,
    FALSE_ALARMS,
    control_chart,
    moving_average,
    relative_deviation,
    width,
)

# Montgomery, Introduction to Statistical Quality Control, example 9.2: a mean of 10 and a
# deviation of 1, from value 21 on a mean of 11; weight 0.1, limits at 2.7 deviations.
MONTGOMERY = [
    *(9.45, 7.99, 9.29, 11.66, 12.16, 10.18, 8.04, 11.46, 9.20, 10.34),
    *(9.03, 11.47, 10.51, 9.40, 10.08, 9.37, 10.62, 10.31, 8.52, 10.84),
    *(10.90, 9.33, 12.29, 11.50, 10.60, 11.08, 10.38, 11.62, 11.31, 10.52),
]  # fmt: skip

# NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.4: center 50, deviation 2.0539, weight 0.3.
NIST = [
    *(52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5),
    *(49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1),
]


def test_the_example_of_montgomery():
    average = moving_average(MONTGOMERY, 10, 0.1)
    assert average[:3] == pytest.approx([9.945, 9.7495, 9.7036], abs=1e-4)
    assert average[-3:] == pytest.approx([10.5731, 10.6468, 10.6341], abs=1e-4)
    high = 10 + 2.7 * relative_deviation(30, 0.1)
    assert high[:2] == pytest.approx([10.27, 10.36], abs=5e-3)
    assert high[-1] == pytest.approx(10.62, abs=5e-3)


def test_the_example_of_nist():
    average = moving_average(NIST, 50, 0.3)
    assert average[:4] == pytest.approx([50.60, 49.52, 50.56, 50.18], abs=5e-3)
    assert average[-3:] == pytest.approx([51.23, 51.94, 51.99], abs=6e-3)
    assert 50 + 3 * 2.0539 * relative_deviation(100, 0.3)[-1] == pytest.approx(52.5884, abs=1e-4)


@pytest.mark.parametrize("fitted", [1, 2])
def test_the_width_is_the_quantile_that_it_says(fitted: int):
    quantile = t.ppf(1 - FALSE_ALARMS / 2, BASELINE - fitted)
    assert width(fitted) == pytest.approx(quantile, abs=1e-9)


def test_the_deviation_of_the_average_is_that_of_simulated_ones():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20_000, BASELINE + 8))
    centers = values[:, :BASELINE].mean(axis=1)
    averages = [
        moving_average(row[BASELINE:], center) - center
        for row, center in zip(values, centers, strict=True)
    ]
    found = np.std(averages, axis=0)
    assert found == pytest.approx(relative_deviation(8, baseline=BASELINE), rel=0.02)


def test_false_alarms_are_as_rare_as_stated():
    rng = np.random.default_rng(1)
    charts = (control_chart(rng.normal(3, 0.1, BASELINE + 30)) for _ in range(10_000))
    share = np.mean([chart.out for chart in charts if chart is not None])
    assert share == pytest.approx(FALSE_ALARMS, rel=0.2)


@pytest.mark.parametrize(
    ("baseline", "later"),
    [((300, 30), (300, 30)), ((300, 15), (315, 20)), ((300, 8), (300, 30))],
)
def test_a_slope_that_is_not_known_well_gives_no_more_false_alarms(
    baseline: tuple[float, float], later: tuple[float, float]
):
    """Without the error of the slope these were 0.40, 1.28 and 1.77 %."""
    rng = np.random.default_rng(3)
    out = []
    for _ in range(8000):
        sizes = np.append(rng.normal(*baseline, BASELINE), rng.normal(*later, 30))
        values = 3 - 0.01 * sizes + rng.normal(0, 0.1, len(sizes))
        slope = np.polyfit(sizes[:BASELINE], values[:BASELINE], 1)[0]
        chart = control_chart(values - slope * sizes, sizes)
        assert chart is not None
        out.append(chart.out)
    assert np.mean(out) == pytest.approx(FALSE_ALARMS, rel=0.3)


@pytest.mark.parametrize(("shift", "most"), [(1.0, 25), (2.0, 5), (3.0, 3)])
def test_a_shift_is_found_after_a_few_series(shift: float, most: int):
    rng = np.random.default_rng(2)
    waits = []
    for values in rng.normal(size=(500, 2 * BASELINE + 200)):
        values[2 * BASELINE :] -= shift
        chart = control_chart(values)
        assert chart is not None
        below = (chart.average < chart.low)[BASELINE:]
        waits.append(np.argmax(below) + 1 if below.any() else 200)
    assert np.median(waits) <= most


def test_there_are_no_limits_without_a_baseline():
    assert control_chart([1.0, 2.0] * (BASELINE // 2 - 1)) is None
    assert control_chart([4.0] * 50) is None
    assert control_chart([4.0 + n % 3 * 1e-15 for n in range(50)]) is None  # rounding
    chart = control_chart([1.0, 2.0] * (BASELINE // 2))
    assert chart is not None
    assert (len(chart.average), len(chart.out)) == (0, 0)
    assert chart.center == 1.5
