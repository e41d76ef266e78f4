"""Comparison of the noise of two simulations, in one slice at two doses."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_filter

from distiliqa.metrics.noise_level import noise_map, soft_tissue, soft_tissue_boxes
from distiliqa.metrics.noise_power_spectrum import difference_power_spectrum
from distiliqa.metrics.radial_spectrum import RadialSpectrum

_SMOOTHING = 7  # pixels
# Wide: there is no anatomy in a difference, and the more pixels, the smoother the spectrum.
_SOFT_TISSUE_HU = (-50.0, 150.0)
_RING = 0.025  # 1/mm
_LOWEST = 0.05  # 1/mm: below, a difference holds what is left of the anatomy
_TAPER = 3.0  # pixels


class Noise(NamedTuple):
    """Noise of a slice at a lower dose.

    Attributes
    ----------
    deviation : median over soft tissue of the local standard deviation, HU.
    added : power spectrum of what the lower dose added, from 0.05 /mm.
    """

    deviation: float
    added: RadialSpectrum


class NoiseComparison(NamedTuple):
    """Noise of a slice at a lower dose, simulated here and by the Mayo Clinic."""

    simulated: Noise
    mayo: Noise

    @property
    def ratio(self) -> float:
        """Ratio of the local standard deviations, simulated to Mayo's."""
        return self.simulated.deviation / self.mayo.deviation

    @property
    def peak_ratio(self) -> float:
        """Ratio of the peak frequencies, simulated to Mayo's."""
        return self.simulated.added.peak_frequency / self.mayo.added.peak_frequency


def compare_noise(
    full: NDArray[np.floating],
    simulated: NDArray[np.floating],
    mayo: NDArray[np.floating],
    spacing_mm: float,
) -> NoiseComparison:
    """Compare two simulations of a lower dose of the slice ``full``; (size, size) each, HU."""
    spacing = (spacing_mm, spacing_mm)
    boxes = soft_tissue_boxes(full, spacing)
    tissue = soft_tissue(full, _SMOOTHING, _SOFT_TISSUE_HU)
    window = tapered(binary_erosion(tissue, iterations=2))
    rings = np.arange(_LOWEST, 0.5 / spacing_mm, _RING)

    def measured(hu: NDArray[np.floating]) -> Noise:
        deviation = float(np.median(noise_map(hu, spacing)[boxes]))
        return Noise(deviation, difference_power_spectrum(hu - full, window, spacing).radial(rings))

    return NoiseComparison(measured(simulated), measured(mayo))


def tapered(region: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights of the pixels of a region for a power spectrum: lower at its edge, 0 beyond it."""
    return gaussian_filter(region.astype(np.float64), _TAPER) * region
