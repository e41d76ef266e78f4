"""Weighted kappa: published tables, its relation to the intraclass correlation, and its interval.

The table is that of Agresti, Categorical Data Analysis, on husbands and wives; kappa and standard
errors are those that the package vcd of R prints for it.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from distiliqa.statistics.intraclass import intraclass
from distiliqa.statistics.weighted_kappa import weighted_kappa

TABLE = np.array([[7, 7, 2, 3], [2, 8, 3, 7], [1, 5, 4, 9], [2, 8, 9, 14]])
ROWS, COLUMNS = (np.repeat(places.ravel(), TABLE.ravel()) for places in np.indices(TABLE.shape))


def test_the_published_table() -> None:
    found = weighted_kappa(ROWS, COLUMNS, "linear")
    assert found is not None
    assert found.value == pytest.approx(0.2374, abs=5e-5)
    error = (found.interval[1] - found.value) / NormalDist().inv_cdf(0.975)
    assert error == pytest.approx(0.07832, abs=5e-6)


def test_two_categories_are_the_kappa_without_weights() -> None:
    # Altman, Practical Statistics for Medical Research: two by two, by hand.
    first = np.repeat([0, 0, 1, 1], [20, 5, 10, 15])
    second = np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    found = weighted_kappa(first, second)
    assert found is not None
    assert found.value == pytest.approx((0.7 - 0.5) / 0.5)
    linear = weighted_kappa(first, second, "linear")
    assert linear is not None
    assert linear.interval == pytest.approx(found.interval)


def test_squares_give_the_intraclass_correlation_of_many_images() -> None:
    """Fleiss & Cohen 1973, doi 10.1177/001316447303300309."""
    rng = np.random.default_rng(1)
    true = rng.integers(0, 5, 4000)
    first, second = (np.clip(true + rng.integers(-1, 2, 4000) + up, 0, 4) for up in (0, 1))
    found = weighted_kappa(first, second)
    forms = intraclass(np.stack([first, second], axis=1))
    agreement = next(form.value for form in forms if form.name == "ICC(A,1)")
    assert found is not None
    assert found.value == pytest.approx(agreement, abs=1e-3)


def test_steps_need_not_be_even() -> None:
    near, far = weighted_kappa([0, 1, 9], [1, 0, 9]), weighted_kappa([0, 8, 9], [8, 0, 9])
    assert near is not None
    assert far is not None
    assert near.value > 0.95 > far.value


def test_ends() -> None:
    assert weighted_kappa([1, 1, 1], [1, 1, 1]) is None
    same = weighted_kappa([1, 2, 3], [1, 2, 3])
    assert same is not None
    assert (same.value, same.interval) == (1, (1, 1))
