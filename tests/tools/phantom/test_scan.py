"""Noise of a lower dose, through arrays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tools.phantom.scan import lower_dose, scan

from distiliqa.simulate.acquisition import Acquisition, acquisition_of
from distiliqa.simulate.kernels import Kernel
from distiliqa.simulate.noise import Beam
from distiliqa.simulate.scanners import FanBeam

SPACING = (3.0, 3.0)
MADE = Acquisition(FanBeam(595.0, 1085.6, 184, 5.1432, 288), Beam(), Kernel(0.12))


@pytest.fixture(scope="module")
def water() -> NDArray[np.float64]:
    """A cylinder of water, 270 mm wide, in air; 112 x 112 pixels of 3 mm."""
    y, x = np.mgrid[:112, :112] - 55.5
    return np.where(np.hypot(x, y) < 45, 0.0, -1000.0)


def deviation(noisy: NDArray, clean: NDArray, radius: tuple[float, float] = (0, 30)) -> float:
    y, x = np.mgrid[:112, :112] - 55.5
    ring = (np.hypot(x, y) >= radius[0]) & (np.hypot(x, y) < radius[1])
    return float(np.std((noisy - clean)[ring]))


def photons(number: float, electronic: float = 12.0) -> Acquisition:
    return replace(MADE, beam=Beam(photons=number, electronic=electronic))


def test_noise_variance_goes_as_one_over_the_dose(water: NDArray) -> None:
    doses = np.array([1.0, 0.5, 0.25, 0.1, 0.05])
    made = photons(1e7, electronic=0)
    noise = [deviation(scan(water, SPACING, d, seed=3, acquisition=made), water) for d in doses]
    slope = np.polyfit(np.log(1 / doses), np.log(np.square(noise)), 1)[0]
    assert slope == pytest.approx(1, abs=0.05)


def test_a_lower_dose_of_a_scan_is_as_noisy_as_a_scan_at_it(water: NDArray) -> None:
    full = scan(water, SPACING, seed=0, acquisition=MADE)
    low = lower_dose(full, SPACING, 0.1, seed=1, acquisition=MADE)
    expected = deviation(scan(water, SPACING, 0.1, seed=2, acquisition=MADE), water)
    assert deviation(low, water) == pytest.approx(expected, rel=0.05)


def test_electronic_noise_matters_behind_thick_bodies_only(water: NDArray) -> None:
    thick = np.where(water == 0, 600.0, water)
    for hu, least, most in ((water, 1.0, 1.15), (thick, 1.3, 9.0)):
        noisy, quiet = (
            deviation(scan(hu, SPACING, 0.3, seed=0, acquisition=photons(1e6, e)), hu)
            for e in (12.0, 0.0)
        )
        assert least < noisy / quiet < most


def test_noise_follows_that_of_the_slice(water: NDArray) -> None:
    soft = water + 40
    for number in (1e6, 1e7):
        full = scan(soft, SPACING, seed=0, acquisition=photons(number))
        made = acquisition_of(full, SPACING[0], geometry=MADE.geometry)
        low = lower_dose(full, SPACING, 0.25, seed=1, acquisition=made)
        expected = np.sqrt(3) * deviation(full, soft)
        assert deviation(low, full) == pytest.approx(expected, rel=0.15)


def test_same_seed_same_noise(water: NDArray) -> None:
    first, again, other = (
        lower_dose(water, SPACING, 0.5, seed=seed, acquisition=MADE) for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.dtype == np.float32


def test_padding_and_full_dose_stay(water: NDArray) -> None:
    padded = water.copy()
    padded[:4] = -3024
    low = lower_dose(padded, SPACING, 0.1, seed=0, acquisition=MADE)
    assert (low[:4] == -3024).all()
    assert low[4:].min() >= -1024
    same = lower_dose(padded, SPACING, 1.0, seed=0, acquisition=MADE)
    np.testing.assert_array_equal(same, padded)


def test_slices_need_not_be_square(water: NDArray) -> None:
    low = lower_dose(water[10:99], SPACING, 0.25, seed=0, acquisition=MADE)
    assert low.shape == (89, 112)
    assert np.std(low[30:60, 40:70]) > 1


@pytest.mark.parametrize("dose", [0, -1, 1.5, float("nan")])
def test_impossible_doses_are_refused(water: NDArray, dose: float) -> None:
    with pytest.raises(ValueError, match="relative dose"):
        lower_dose(water, SPACING, dose, seed=0, acquisition=MADE)
