"""The fit of the map: exact data, SciPy, and why it is not isotonic regression."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.models.score_map import curve
from distiliqa.models.score_scale import ScoreScale
from distiliqa.statistics.logistic_map import fit_logistic_map

SCALE = ScoreScale(1.0, 5.0, "Likert")
X = np.linspace(0, 4, 40)


@pytest.mark.parametrize(("intercept", "slope"), [(-3, 1.5), (0.2, 0.4), (4, -2), (-40, 22)])
def test_exact_data_give_the_curve_back(intercept: float, slope: float) -> None:
    found = fit_logistic_map(X, curve(X, intercept, slope, SCALE), SCALE, rising=slope > 0)
    assert found == pytest.approx((intercept, slope), rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_the_least_squares_are_those_of_scipy(seed: int) -> None:
    optimize = pytest.importorskip("scipy.optimize")
    rng = np.random.default_rng(seed)
    ratings = np.clip(curve(X, -2, 1, SCALE) + rng.normal(0, 0.8, 40), 1, 5)
    found = fit_logistic_map(X, ratings, SCALE, rising=True)
    expected, _ = optimize.curve_fit(lambda x, a, b: curve(x, a, b, SCALE), X, ratings, (-2, 1))
    assert found == pytest.approx(expected, rel=1e-3)


def test_the_slope_has_the_sign_that_was_asked_for() -> None:
    _, slope = fit_logistic_map(X, 5 - X, SCALE, rising=True)
    assert 0 < slope < 0.01


def test_ratings_at_the_ends_of_the_scale_are_no_trouble() -> None:
    found = fit_logistic_map(X, np.where(X > 2, 5.0, 1.0), SCALE, rising=True)
    assert np.isfinite(found).all()
    assert np.abs(curve(X, *found, SCALE) - np.where(X > 2, 5, 1)).max() < 1


def isotonic(x: np.ndarray, y: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Pool adjacent violators, then lines between the middles of the pools."""
    pools = [[value, 1.0, at] for at, value in sorted(zip(x, y, strict=True))]
    pools = [[rating, 1.0, score] for score, _, rating in pools]
    done: list[list[float]] = []
    for pool in pools:
        done.append(pool)
        while len(done) > 1 and done[-2][0] >= done[-1][0]:
            (a, m, s), (b, n, t) = done[-2:]
            done[-2:] = [[(a * m + b * n) / (m + n), m + n, (s * m + t * n) / (m + n)]]
    return np.interp(new, [pool[2] for pool in done], [pool[0] for pool in done])


@pytest.mark.parametrize(("patients", "each"), [(10, 3), (20, 3)])
def test_it_is_closer_to_new_patients_than_isotonic_regression(patients: int, each: int) -> None:
    """The reason for two parameters: patients differ, readers are noisy, and images are few."""
    rng = np.random.default_rng(patients)
    errors = np.zeros(2)
    for _ in range(200):
        x = rng.uniform(0, 4, patients * each)
        true = curve(x, -3, 1.6, SCALE) if rng.random() < 0.5 else 1.5 + 0.8 * x
        noise = np.repeat(rng.normal(0, 0.4, patients), each) + rng.normal(0, 0.5, len(x))
        new = rng.uniform(0, 4, 200)
        wanted = curve(new, -3, 1.6, SCALE) if (true == curve(x, -3, 1.6, SCALE)).all() else 0
        wanted = wanted if np.ndim(wanted) else 1.5 + 0.8 * new
        y = np.clip(true + noise, 1, 5)
        mapped = curve(new, *fit_logistic_map(x, y, SCALE, rising=True), SCALE)
        errors += [np.abs(mapped - wanted).mean(), np.abs(isotonic(x, y, new) - wanted).mean()]
    assert errors[0] < 0.8 * errors[1]
