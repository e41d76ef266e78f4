"""Labels on the readers' scale."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from distiliqa.lab.data.reader_scale import (
    COUNTS,
    PSNR,
    RATINGS,
    VIF,
    Fidelity,
    fidelity,
    reader_score,
)
from distiliqa.simulate.faults import covered

SPACING = 0.7


@pytest.fixture(scope="module")
def hu() -> NDArray[np.float32]:
    y, x = np.mgrid[:192, :192] - 96.0
    image = np.full((192, 192), -1000.0)
    image[np.hypot(x / 85, y / 70) < 1] = 40
    image[np.hypot(x - 30, y) < 20] = 110
    image[np.hypot(x + 35, y + 15) < 12] = -80
    return image.astype(np.float32)


def noise(sd: float) -> NDArray[np.float64]:
    return np.random.default_rng(1).normal(0, sd, (192, 192))


def label(hu: NDArray[np.float32], noise: object, structure: object) -> float:
    found = fidelity(hu, np.asarray(noise), np.asarray(structure), SPACING)
    assert found is not None
    return reader_score(found)


def test_the_constants_are_one_for_each_rating() -> None:
    assert sum(COUNTS) == 1000
    assert len(COUNTS) == len(RATINGS) == len(VIF) == len(PSNR) == 21
    for knots in (VIF, PSNR):
        assert np.all(np.diff(knots) > 0)


def test_ratings_follow_the_knots() -> None:
    for rating, vif, psnr in zip(RATINGS, VIF, PSNR, strict=True):
        assert reader_score(Fidelity(vif, psnr)) == pytest.approx(rating)
    assert reader_score(Fidelity(1.0, np.inf)) == 4
    assert reader_score(Fidelity(0.0, 0.0)) == 0


def test_more_noise_is_worse(hu: NDArray[np.float32]) -> None:
    labels = [label(hu, noise(sd), np.zeros_like(hu)) for sd in (5, 15, 30, 60, 120)]
    assert labels == sorted(labels, reverse=True)
    assert labels[0] - labels[-1] > 2


def test_streaks_cost_more_than_noise_as_strong(hu: NDArray[np.float32]) -> None:
    streaks = np.broadcast_to(25 * np.sqrt(2) * np.sin(np.arange(192) / 3), hu.shape)
    assert streaks.std() == pytest.approx(25, rel=0.05)
    by_noise, by_streaks = label(hu, noise(25), 0 * hu), label(hu, noise(1), streaks)
    assert by_noise - by_streaks > 0.7


def test_the_noise_of_the_slice_itself_does_not_count_twice(hu: NDArray[np.float32]) -> None:
    clean = label(hu, noise(20), 0 * hu)
    grainy = label((hu + noise(20)).astype(np.float32), noise(20), 0 * hu)
    assert grainy == pytest.approx(clean, abs=0.35)


def test_air_has_no_label(hu: NDArray[np.float32]) -> None:
    assert fidelity(np.full_like(hu, -1000), noise(10), 0 * hu, SPACING) is None


def test_what_the_detector_does_not_cover_is_not_rated(hu: NDArray[np.float32]) -> None:
    y, x = np.mgrid[:192, :192] - 96.0
    guessed = np.where(np.hypot(x, y) > 60, 300.0, 0.0)
    inner = covered(hu.shape, SPACING, 2 * 60 * SPACING)
    rated = fidelity(hu, noise(10), guessed, SPACING, covered=inner)
    whole = fidelity(hu, noise(10), guessed, SPACING)
    assert rated is not None
    assert whole is not None
    assert reader_score(rated) > reader_score(whole) + 1


def test_a_detector_covers_a_circle_or_all() -> None:
    inner = covered((40, 60), 2.0, 20.0)
    assert inner.sum() == pytest.approx(np.pi * 5**2, abs=3)
    assert np.argwhere(inner).mean(axis=0) == pytest.approx((30, 30))
    assert covered((40, 60), 2.0, None).all()
