"""The noise power spectrum of a difference between slices, and where its top lies."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

_STEP = 0.025  # cycles/mm: width of a ring of frequencies
_LOWEST = 0.075  # cycles/mm: below, a difference holds what is left of the anatomy
_TOP = 0.7  # share of the highest value that counts as the top
_TAPER = 3.0  # pixels


def noise_power_spectrum(
    noise: NDArray[np.floating], region: NDArray[np.bool_], spacing_mm: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Power spectrum of noise in a region, averaged over directions (ICRU Report 87, 2012).

    Parameters
    ----------
    noise : (size, size), HU, without anatomy: the difference of two slices.
    region : which pixels to take; its edge is tapered.

    Returns
    -------
    Frequencies up to what the pixels hold, cycles/mm, and power, HU**2 mm**2.
    """
    window = gaussian_filter(region.astype(np.float64), _TAPER) * region
    power = np.abs(np.fft.fft2(noise * window)) ** 2 * spacing_mm**2 / np.sum(window**2)
    axes = [np.fft.fftfreq(side, spacing_mm) for side in noise.shape]
    ring = (np.hypot(axes[0][:, None], axes[1]) / _STEP).astype(int)
    count = int(0.5 / spacing_mm / _STEP)
    mean = np.bincount(ring.ravel(), power.ravel()) / np.bincount(ring.ravel())
    frequency = np.arange(0.5, count, dtype=np.float64) * _STEP
    return frequency, mean[:count]


def peak_frequency(frequency: NDArray[np.float64], power: NDArray[np.float64]) -> float:
    """Where the spectrum has its top: the mean frequency of what is above 70 % of the highest.

    The highest value alone jumps about by chance on the flat top that soft kernels have.
    """
    smooth = np.convolve(power, (0.25, 0.5, 0.25), "same")
    smooth[frequency < _LOWEST] = 0
    top = smooth >= _TOP * smooth.max()
    return float(np.average(frequency[top], weights=smooth[top]))
