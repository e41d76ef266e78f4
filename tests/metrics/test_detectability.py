from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.special import j1

from distiliqa.metrics import Disc, Eye, detectability

FREQUENCY = np.linspace(0, 1.2, 600)
POWER = np.full(600, 400 * 0.49)


@dataclass(frozen=True)
class Gaussian(Disc):
    """Task: a Gaussian, whose d' has a closed form."""

    sigma_mm: float = 2.0

    def transform(self, frequency):
        area = self.contrast_hu * 2 * np.pi * self.sigma_mm**2
        return area * np.exp(-2 * (np.pi * self.sigma_mm * frequency) ** 2)


@pytest.mark.parametrize("blur_mm", [0.3, 0.6, 1.2])
def test_a_gaussian_in_white_noise_has_its_closed_form(blur_mm: float):
    """d'^2 = int W^2 T^2 / N: (C A)^2 / (4 pi (s^2 + b^2) N), A the area of the Gaussian."""
    task = Gaussian(contrast_hu=20.0)
    transfer = np.exp(-2 * (np.pi * blur_mm * FREQUENCY) ** 2)
    found = detectability(FREQUENCY, transfer, POWER, task)
    area = 20 * 2 * np.pi * 2.0**2
    expected = area / np.sqrt(4 * np.pi * (2.0**2 + blur_mm**2) * POWER[0])
    assert found.npw == pytest.approx(expected, rel=0.02)


def test_a_disc_in_white_noise_without_blur_has_the_energy_of_the_disc():
    """By Parseval d'^2 = C^2 area / N; 1 % of the energy lies above the frequencies."""
    found = detectability(FREQUENCY, np.ones(600), POWER, Disc(10.0, 20.0))
    assert found.npw == pytest.approx(20 * np.sqrt(np.pi * 25 / POWER[0]), rel=0.02)


def test_the_transform_of_a_disc():
    frequency = np.linspace(0.001, 1.2, 100)
    argument = 2 * np.pi * 5 * frequency
    expected = 20 * np.pi * 25 * 2 * j1(argument) / argument
    np.testing.assert_allclose(Disc().transform(frequency), expected, atol=1e-8)
    assert Disc().transform(np.zeros(1))[0] == pytest.approx(20 * np.pi * 25)


def test_contrast_and_noise_scale_it():
    one = detectability(FREQUENCY, np.ones(600), POWER)
    twice = detectability(FREQUENCY, np.ones(600), POWER, Disc(contrast_hu=40.0))
    noisy = detectability(FREQUENCY, np.ones(600), 4 * POWER)
    assert (twice.npw, twice.npwe) == pytest.approx((2 * one.npw, 2 * one.npwe))
    assert (noisy.npw, noisy.npwe) == pytest.approx((one.npw / 2, one.npwe / 2))


def test_the_eye_weighs_signal_and_noise_as_in_its_formula():
    eye = Eye()
    transfer = np.exp(-((FREQUENCY / 0.5) ** 2))
    power = POWER * FREQUENCY
    found = detectability(FREQUENCY, transfer, power, Disc(), eye)
    fine = np.linspace(0, 1.2, 20001)
    rho = fine * 360 * 500 * np.pi / (300 * 180)
    squared = (rho**1.5 * np.exp(-3.22 * rho**0.68)) ** 2
    seen = Disc().transform(fine) ** 2 * np.exp(-2 * (fine / 0.5) ** 2)
    signal = np.trapezoid(seen * squared * 2 * np.pi * fine, fine)
    noise = np.trapezoid(seen * squared**2 * POWER[0] * fine * 2 * np.pi * fine, fine)
    assert found.npwe == pytest.approx(signal / np.sqrt(noise), rel=0.02)
    assert found.npwe < found.npw
    assert (found.eye.c, str(found.task)) == (3.22, "disc of 10 mm and 20 HU")


def test_no_noise_has_no_value():
    found = detectability(FREQUENCY, np.ones(600), np.zeros(600))
    assert (found.npw, found.npwe, found.reason) == (None, None, "no noise")
