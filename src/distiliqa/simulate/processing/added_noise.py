"""Noise added to an image: white, of CT, and in blotches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fftfreq, irfft2, rfft2, rfftfreq

from distiliqa.simulate.kernels import estimate_kernel
from distiliqa.simulate.processing.preparation import Preparation, Process

_BLOTCH_MM = 3.0  # full width at half maximum


def white(given: Preparation) -> Process:
    """Independent Gaussian noise in each pixel; ``strength`` is its standard deviation, HU."""
    return _adding(given, np.ones(_frequency(given).shape))


def of_ct(given: Preparation) -> Process:
    """Noise with the power spectrum f * apodization**2 of the kernel that the slice shows."""
    kernel = estimate_kernel(given.hu, given.spacing_mm)
    return _adding(given, kernel.noise_amplitude(_frequency(given)))


def blotchy(given: Preparation) -> Process:
    """Noise that is correlated as after a Gaussian filter of 3 mm."""
    deviation = _BLOTCH_MM / np.sqrt(8 * np.log(2))
    return _adding(given, np.exp(-2 * (np.pi * deviation * _frequency(given)) ** 2))


def _frequency(given: Preparation) -> NDArray[np.float64]:
    """Frequencies of `rfft2`, cycles/mm."""
    rows, columns = given.hu.shape
    return np.hypot(fftfreq(rows, given.spacing_mm)[:, None], rfftfreq(columns, given.spacing_mm))


def _adding(given: Preparation, amplitude: NDArray[np.floating]) -> Process:
    """Add white noise times the amplitude of each frequency, scaled to the strength."""
    drawn = given.rng.standard_normal(given.hu.shape)
    noise = irfft2(rfft2(drawn) * amplitude, s=given.hu.shape)
    noise = (noise * (given.strength / noise.std())).astype(np.float32)
    return lambda hu: hu + noise
