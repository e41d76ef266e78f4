"""Quantiles of F against SciPy and against those of Student's t."""

from __future__ import annotations

import pytest

from distiliqa.statistics.f_distribution import f_quantile, regularized_beta
from distiliqa.statistics.t_distribution import t_quantile


@pytest.mark.parametrize("p", [0.005, 0.025, 0.5, 0.975, 0.999])
@pytest.mark.parametrize(("first", "second"), [(1, 1), (5, 18), (5, 3.37), (199.5, 1000), (2, 0.7)])
def test_quantiles_are_those_of_scipy(p: float, first: float, second: float) -> None:
    stats = pytest.importorskip("scipy.stats")
    assert f_quantile(p, first, second) == pytest.approx(stats.f.ppf(p, first, second), rel=1e-7)


@pytest.mark.parametrize("degrees", [1, 4, 29])
def test_the_square_of_t_is_f(degrees: int) -> None:
    assert f_quantile(0.95, 1, degrees) == pytest.approx(t_quantile(0.975, degrees) ** 2)


def test_closed_forms_of_the_beta_function() -> None:
    assert regularized_beta(0.3, 1, 1) == pytest.approx(0.3)
    assert regularized_beta(0.3, 1, 4) == pytest.approx(1 - 0.7**4)
    assert regularized_beta(0.3, 3, 1) == pytest.approx(0.3**3)
    assert (regularized_beta(0.0, 2, 3), regularized_beta(1.0, 2, 3)) == (0, 1)
