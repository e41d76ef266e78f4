"""Noise of a lower dose."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from distiliqa.simulate.dose import lower_dose, scan

SPACING = (3.0, 3.0)


@pytest.fixture(scope="module")
def water() -> NDArray[np.float64]:
    """A cylinder of water, 270 mm wide, in air; 112 x 112 pixels of 3 mm."""
    y, x = np.mgrid[:112, :112] - 55.5
    return np.where(np.hypot(x, y) < 45, 0.0, -1000.0)


def deviation(noisy: NDArray, clean: NDArray, radius: tuple[float, float] = (0, 30)) -> float:
    y, x = np.mgrid[:112, :112] - 55.5
    ring = (np.hypot(x, y) >= radius[0]) & (np.hypot(x, y) < radius[1])
    return float(np.std((noisy - clean)[ring]))


def test_noise_goes_as_one_over_the_root_of_dose(water: NDArray) -> None:
    full = deviation(scan(water, SPACING, seed=0, photons=1e7), water)
    quarter = deviation(scan(water, SPACING, 0.25, seed=1, photons=1e7), water)
    assert quarter / full == pytest.approx(2, rel=0.05)


def test_a_lower_dose_of_a_scan_is_as_noisy_as_a_scan_at_it(water: NDArray) -> None:
    full = scan(water, SPACING, seed=0)
    assert deviation(lower_dose(full, SPACING, 0.1, seed=1), water) == pytest.approx(
        deviation(scan(water, SPACING, 0.1, seed=2), water), rel=0.05
    )


def test_noise_level_is_that_of_theory(water: NDArray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variance of filtered back-projection in the middle of a cylinder (Kak & Slaney 1988, 5.1)."""
    monkeypatch.setattr("distiliqa.simulate.dose.ELECTRONIC", 0.0)
    frequency = np.linspace(-0.5, 0.5, 10_001)
    power = (frequency * np.cos(np.pi * frequency) ** 2) ** 2  # ramp filter, Hann window
    neighbors = np.mean(power * np.cos(2 * np.pi * frequency)) / np.mean(power)
    interpolated = np.mean(power) * (2 + neighbors) / 3  # linear, over all offsets
    per_ray = np.exp(0.0193 * 270) / 1e6
    expected = np.sqrt(np.pi**2 / 720 * interpolated * per_ray) / (0.0193 * 3) * 1000
    noisy = scan(water, SPACING, seed=0, photons=1e6)
    assert deviation(noisy, water, (0, 12)) == pytest.approx(expected, rel=0.15)


def test_the_middle_is_noisier_than_the_edge(water: NDArray) -> None:
    noisy = scan(water, SPACING, 0.25, seed=0)
    assert deviation(noisy, water, (0, 15)) > 1.2 * deviation(noisy, water, (38, 44))


def test_electronic_noise_matters_behind_thick_bodies_only(
    water: NDArray, monkeypatch: pytest.MonkeyPatch
) -> None:
    thick = np.where(water == 0, 900.0, water)
    noisy = {hu.max(): deviation(scan(hu, SPACING, 0.1, seed=0), hu) for hu in (water, thick)}
    monkeypatch.setattr("distiliqa.simulate.dose.ELECTRONIC", 0.0)
    quiet = {hu.max(): deviation(scan(hu, SPACING, 0.1, seed=0), hu) for hu in (water, thick)}
    assert noisy[0] < 1.1 * quiet[0]
    assert noisy[900] > 1.5 * quiet[900]


def test_calibration_follows_the_noise_of_the_slice(water: NDArray) -> None:
    soft = water + 40
    for photons in (3e4, 1e6):
        full = scan(soft, SPACING, seed=0, photons=photons)
        low = lower_dose(full, SPACING, 0.25, seed=1, calibrate=True)
        expected = np.sqrt(3) * deviation(full, soft)
        assert deviation(low, full) == pytest.approx(expected, rel=0.15)


def test_same_seed_same_noise(water: NDArray) -> None:
    first, again, other = (lower_dose(water, SPACING, 0.5, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.dtype == np.float32


def test_padding_and_full_dose_stay(water: NDArray) -> None:
    padded = water.copy()
    padded[:4] = -3024
    low = lower_dose(padded, SPACING, 0.1, seed=0)
    assert (low[:4] == -3024).all()
    assert low[4:].min() >= -1024
    np.testing.assert_array_equal(lower_dose(padded, SPACING, 1.0, seed=0), padded)


def test_slices_need_not_be_square(water: NDArray) -> None:
    low = lower_dose(water[10:99], SPACING, 0.25, seed=0)
    assert low.shape == (89, 112)
    assert np.std(low[30:60, 40:70]) > 1


@pytest.mark.parametrize("dose", [0, -1, 1.5, float("nan")])
def test_impossible_doses_are_refused(water: NDArray, dose: float) -> None:
    with pytest.raises(ValueError, match="relative dose"):
        lower_dose(water, SPACING, dose, seed=0)
