from __future__ import annotations

import pytest

from distiliqa.monitor.trend import NOISE, SCORE, Measure
from distiliqa.monitor.trend_chart import explained
from distiliqa.statistics.control_chart import BASELINE


@pytest.mark.parametrize(
    ("name", "is_named"), [(NOISE, True), (SCORE, False)], ids=["noise", "score"]
)
def test_all_that_may_stand_against_a_trend_with_size_is_named(name: str, is_named: bool):
    sizes = {n: 250.0 + 4 * n for n in range(1, BASELINE + 1)}
    values = tuple((n, float(n % 3)) for n in sizes)  # of which some are 0
    found = explained(Measure(name, values, sizes=sizes, logarithmic=is_named), None)
    assert "As measured: too few sizes" in found if is_named else "After the trend" in found
    unsized = explained(Measure(name, values, logarithmic=is_named), None)
    assert "more series of unknown than of known size" in unsized
    assert ("a noise level of 0 in the baseline" in unsized) == is_named
