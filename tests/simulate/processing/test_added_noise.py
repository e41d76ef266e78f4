"""Noise that is added: its strength and its spectrum."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.simulate.kernels import SHARP, SOFT, Kernel
from distiliqa.simulate.processing.processing import Processing

UNIFORM = np.full((128, 112), 40, np.float32)


@pytest.mark.parametrize("name", ["white_noise", "ct_noise", "blotchy_noise"])
def test_the_strength_is_the_standard_deviation(name: str) -> None:
    noise = Processing(name, 25).prepared(UNIFORM, 0.7)(UNIFORM) - UNIFORM
    assert noise.std() == pytest.approx(25, rel=1e-4)
    assert abs(noise.mean()) < 2


@pytest.mark.parametrize("name", ["white_noise", "ct_noise", "blotchy_noise"])
def test_one_seed_has_the_same_noise_at_every_strength(name: str) -> None:
    weak, strong = (
        Processing(name, level).prepared(UNIFORM, 0.7)(UNIFORM) - UNIFORM for level in (5, 20)
    )
    assert np.allclose(4 * weak, strong, atol=1e-3)


def lag_correlation(noise: np.ndarray, pixels: int) -> float:
    return float(np.corrcoef(noise[:, pixels:].ravel(), noise[:, :-pixels].ravel())[0, 1])


def test_white_is_independent_and_blotches_are_3_mm_wide() -> None:
    white, blotchy = (
        Processing(name, 20).prepared(UNIFORM, 0.75)(UNIFORM) - UNIFORM
        for name in ("white_noise", "blotchy_noise")
    )
    assert abs(lag_correlation(white, 1)) < 0.03
    # The autocorrelation of a Gaussian is wider by the square root of 2: half of half at 3 mm.
    assert lag_correlation(blotchy, 4) == pytest.approx(0.25, abs=0.08)


@pytest.mark.parametrize("kernel", [SOFT, SHARP])
def test_ct_noise_has_the_spectrum_of_the_kernel_of_the_slice(kernel: Kernel) -> None:
    frequency = np.hypot(np.fft.fftfreq(128, 0.7)[:, None], np.fft.rfftfreq(112, 0.7))
    amplitude = np.sqrt(frequency) * kernel.apodization(frequency)
    white = np.random.default_rng(3).normal(0, 20, UNIFORM.shape)
    own = np.fft.irfft2(np.fft.rfft2(white) * amplitude, s=UNIFORM.shape)
    slice_ = (UNIFORM + own).astype(np.float32)
    added = Processing("ct_noise", 20).prepared(slice_, 0.7)(slice_) - slice_

    def mean_frequency(noise: np.ndarray) -> float:
        return float(np.average(frequency, weights=np.abs(np.fft.rfft2(noise)) ** 2))

    assert mean_frequency(added) == pytest.approx(mean_frequency(own), rel=0.1)
