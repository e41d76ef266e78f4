"""Kernels by name and from noise."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.optimize import approx_fprime, least_squares

from distiliqa.simulate.kernels import (
    SOFT,
    STANDARD,
    Kernel,
    _fit,
    _misfit,
    _Prior,
    estimate_kernel,
    named_kernel,
)
from distiliqa.simulate.reconstruction import filtered_back_projection
from distiliqa.simulate.scanners import SCANNERS, FanBeam


@pytest.mark.parametrize("name", ["B30f", "Br40d\\3", "['Br40d', '3']", "STANDARD", "LUNG", "FC17"])
def test_names_of_makers_are_known(name: str) -> None:
    assert named_kernel(name) is not None


@pytest.mark.parametrize("name", ["Br40d\\3", "['Br40d', '3']", "Br40d 3", " BR40D"])
def test_spellings_of_one_kernel_are_that_kernel(name: str) -> None:
    assert named_kernel(name) == named_kernel("Br40d")


@pytest.mark.parametrize("name", [None, "", "nonsense", "ORIG"])
def test_other_names_are_not(name: str | None) -> None:
    assert named_kernel(name) is None


def test_names_are_in_order() -> None:
    halves = [named_kernel(name).half for name in ("B10f", "B30f", "B45f", "B60f", "B70f")]
    assert halves == sorted(halves)
    assert named_kernel("STANDARD").half < named_kernel("LUNG").half
    assert named_kernel("soft") == SOFT


def test_half_is_where_the_apodization_is_one_half() -> None:
    found = Kernel(0.4, 3.0).apodization(np.array([0.0, 0.4, 4.0]))
    assert found.tolist() == pytest.approx([1, 0.5, 0], abs=1e-6)


@pytest.mark.parametrize("kernel", [Kernel(0.3, 2.0), Kernel(0.6, 4.0)])
def test_noise_shows_the_kernel(kernel: Kernel) -> None:
    fan = FanBeam(595.0, 1085.6, channels=200, pitch=1.2858, views=400)
    draws = torch.randn(1, 400, 200, generator=torch.Generator().manual_seed(0))
    noise = filtered_back_projection(draws, 128, 0.8, fan, kernel)[0].numpy()
    found = estimate_kernel(60 + 15 * noise / noise.std(), 0.8)
    frequency = np.linspace(0.1, 0.6, 6)
    difference = found.apodization(frequency) - kernel.apodization(frequency)
    assert np.abs(difference).max() < 0.12


def test_a_spectrum_is_fitted_as_by_scipy() -> None:
    prior, frequency = _Prior(STANDARD, 0.5, 0.4), np.linspace(0.08, 0.6, 12)
    power = 300 * frequency * Kernel(0.45, 3.0).apodization(frequency) ** 2 + 0.01 * frequency**-3
    power *= np.exp(np.random.default_rng(0).normal(0, 0.15, power.shape))
    f, log_power = np.log(frequency), np.log(power)
    start = np.array([np.median(log_power - f), log_power[0] + 3 * f[0], *prior.logarithms])
    errors, slopes = _misfit(f, log_power, prior, start)
    numerical = approx_fprime(start, lambda v: _misfit(f, log_power, prior, v)[0])
    np.testing.assert_allclose(slopes, numerical, atol=1e-5)
    by_scipy = least_squares(lambda v: _misfit(f, log_power, prior, v)[0], start, xtol=1e-12)
    found = _fit(frequency, power, 0.8, prior)
    assert [found.half, found.order] == pytest.approx(np.exp(by_scipy.x[2:]), rel=1e-4)
    assert np.sum(errors**2) > 2 * by_scipy.cost


def test_a_slice_without_soft_tissue_shows_nothing() -> None:
    assert estimate_kernel(np.full((64, 64), -1000.0), 0.8) == STANDARD
    assert estimate_kernel(np.full((64, 64), -1000.0), 0.8, "B30f") == named_kernel("B30f")


@pytest.mark.parametrize(("name", "mtf50", "mtf10"), [("B30f", 0.35, 0.59), ("D45f", 0.56, 0.94)])
def test_kernels_have_the_published_mtf(name: str, mtf50: float, mtf10: float) -> None:
    """With the blur of channels and of a focal spot of 1 mm, both as seen at the axis."""
    fan = SCANNERS["definition-as-plus"].geometry
    assert isinstance(fan, FanBeam)
    spot = 1 - fan.source_to_center / fan.source_to_detector
    frequency = np.array([mtf50, mtf10])
    blur = np.sinc(fan.sampling * frequency) * np.sinc(spot * frequency)
    found = named_kernel(name).apodization(frequency) * blur
    assert found.tolist() == pytest.approx([0.5, 0.1], abs=0.003)
