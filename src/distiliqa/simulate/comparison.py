"""How alike simulated and real noise are, in one slice at two doses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, uniform_filter

from distiliqa.metrics.noise_map import noise_map, soft_tissue_boxes
from distiliqa.simulate.noise_spectrum import noise_power_spectrum, peak_frequency

_TISSUE_HU = (-50.0, 150.0)


@dataclass(frozen=True)
class NoiseComparison:
    """Noise of a simulated and of a real slice at a lower dose.

    Attributes
    ----------
    simulated, real : median over soft tissue of the local standard deviation, HU.
    simulated_peak, real_peak : top of the power spectrum of what the dose added, cycles/mm.
    """

    simulated: float
    real: float
    simulated_peak: float
    real_peak: float

    @property
    def ratio(self) -> float:
        """Of the local standard deviations, simulated to real."""
        return self.simulated / self.real

    @property
    def peak_ratio(self) -> float:
        """Of the tops of the power spectra, simulated to real."""
        return self.simulated_peak / self.real_peak


def compare_noise(
    full: NDArray[np.floating],
    simulated: NDArray[np.floating],
    real: NDArray[np.floating],
    spacing_mm: float,
) -> NoiseComparison:
    """Compare a simulated with a real lower dose of the slice ``full``; (size, size) each, HU."""
    spacing = (spacing_mm, spacing_mm)
    boxes = soft_tissue_boxes(full, spacing)
    deviations = [np.median(noise_map(hu, spacing)[boxes]) for hu in (simulated, real)]
    region = tissue(full)
    peaks = [
        peak_frequency(*noise_power_spectrum(hu - full, region, spacing_mm))
        for hu in (simulated, real)
    ]
    return NoiseComparison(*map(float, deviations), *peaks)


def tissue(hu: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Pixels of fat-free soft tissue, away from bone and air: for power spectra."""
    smooth = uniform_filter(hu.astype(np.float64), 7)
    inside = (smooth > _TISSUE_HU[0]) & (smooth < _TISSUE_HU[1])
    return binary_erosion(inside, iterations=2)
