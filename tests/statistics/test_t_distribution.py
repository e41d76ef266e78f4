from __future__ import annotations

import pytest

from distiliqa.statistics.t_distribution import t_quantile


@pytest.mark.parametrize(
    ("degrees", "t"),
    [(1, 12.7062), (2, 4.3027), (3, 3.1824), (10, 2.2281), (29, 2.0452), (1000, 1.9623)],
)
def test_the_values_of_the_tables(degrees: int, t: float):
    assert t_quantile(0.975, degrees) == pytest.approx(t, abs=1e-4)
