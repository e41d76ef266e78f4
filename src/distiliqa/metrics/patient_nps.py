"""Noise power spectrum of a patient scan, from plain regions of soft tissue: its texture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.noise_boxes import CELL, Boxes
from distiliqa.metrics.noise_power_spectrum import NoisePowerSpectrum
from distiliqa.metrics.radial_spectrum import RadialSpectrum
from distiliqa.metrics.slice_parts import NotMeasurable, SliceParts

MAX_REGIONS, MIN_REGIONS = 200, 30
_PADDING = 8  # times the side of a region
_DRAWS = 100
_INTERVAL = (2.5, 97.5)  # percentiles


class RegionSums(NamedTuple):
    """Sum of the autocorrelations of regions; those of many slices can be added.

    Attributes
    ----------
    correlation : ndarray of float64
        (2 n, 2 n), HU^2, of regions of n x n pixels; lag zero at (0, 0), negative lags at the end.
    regions : int
        Number of regions.
    """

    correlation: NDArray[np.float64]
    regions: int


@dataclass(frozen=True, eq=False)
class PatientNps:
    """Noise power spectrum of a patient scan.

    Attributes
    ----------
    mean_per_mm, peak_per_mm : float or None
        Mean frequency weighted by the power, f_av, and frequency of the peak, 1/mm. Below
        0.15 /mm the spectrum depends on the size of the regions and the planes taken from them.
    width_per_mm : float or None
        Standard deviation of the frequency, weighted by the power, 1/mm.
    interval_per_mm : tuple[float, float] or None
        95 % interval of the mean frequency by a bootstrap of slices, 1/mm; None for one slice.
    regions : int
        Number of regions.
    side : int
        Side of a region, pixels.
    spectrum : NoisePowerSpectrum or None
        In two dimensions. Its integral is the variance in the regions, planes taken out.
    radial : RadialSpectrum or None
        The mean over directions.
    reason : str or None
        Why there is no value; None where there is one.
    """

    mean_per_mm: float | None = None
    peak_per_mm: float | None = None
    width_per_mm: float | None = None
    interval_per_mm: tuple[float, float] | None = None
    regions: int = 0
    side: int = 0
    spectrum: NoisePowerSpectrum | None = None
    radial: RadialSpectrum | None = None
    reason: str | None = None


def patient_nps(hu: NDArray[np.floating], spacing_mm: tuple[float, float] | None) -> PatientNps:
    """Measure the noise power spectrum of a slice in plain regions of soft tissue.

    Up to 200 regions of about 6 mm that do not overlap, whose standard deviation is at most the
    noise level and nearest to it: those with edges have more, and the smoothest ones would
    understate the noise. A plane is taken from each. The periodogram is that of the region padded
    with zeros to 8 times its side, over the number of pixels before padding; it is computed from
    the mean autocorrelation, which is the same and costs less (after Smith, Solomon, Samei 2018,
    doi 10.1117/1.JMI.5.3.031403).

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.
    spacing_mm : tuple[float, float] or None
        Pixel spacing (between rows, between columns), mm.

    Returns
    -------
    PatientNps
        Without values and with a reason for fewer than 30 regions, for no noise, where the values
        are shifted, or where the pixels are unknown or not square.
    """
    parts = SliceParts(hu, spacing_mm)
    try:
        return pooled_nps([region_sums(parts)], parts.pixel_mm)
    except NotMeasurable as reason:
        return PatientNps(reason=str(reason))


def region_sums(parts: SliceParts) -> RegionSums:
    """Sum the autocorrelations of plain regions; raises `NotMeasurable` where there are few."""
    found, noise_hu = parts.boxes, parts.known_noise_hu
    if noise_hu == 0:
        raise NotMeasurable("no noise")
    regions = _regions(parts.hu, found, noise_hu)
    if len(regions) < MIN_REGIONS:
        raise NotMeasurable(f"fewer than {MIN_REGIONS} plain regions of soft tissue")
    side = found.side
    transform = np.fft.rfft2(_level(regions), (2 * side, 2 * side))
    power = np.square(transform.real).sum(axis=0) + np.square(transform.imag).sum(axis=0)
    return RegionSums(np.fft.irfft2(power, (2 * side, 2 * side)), len(regions))


def pooled_nps(slices: Sequence[RegionSums], pixel_mm: float) -> PatientNps:
    """Noise power spectrum of the regions of several slices; the bootstrap draws slices."""
    if not slices:
        return PatientNps(reason="no slice has enough plain soft tissue")
    spectrum = spectrum_of(slices, np.ones(len(slices)), pixel_mm)
    radial = spectrum.radial()
    mean = radial.mean_frequency
    width = np.sqrt((radial.frequency - mean) ** 2 @ radial.power / radial.power.sum())
    return PatientNps(
        mean,
        radial.peak_frequency,
        float(width),
        _interval(slices, pixel_mm) if len(slices) > 1 else None,
        sum(slice_.regions for slice_ in slices),
        len(slices[0].correlation) // 2,
        spectrum,
        radial,
    )


def _regions(hu: NDArray[np.floating], found: Boxes, noise_hu: float) -> NDArray[np.float32]:
    """Regions of a grid with the highest standard deviations up to the noise level."""
    every = (slice(None, None, found.count),) * 2
    deviations = found.deviations[every]
    plain = found.soft[every] & (deviations <= noise_hu) & (deviations > 0)
    rows, columns = np.nonzero(plain)
    order = np.argsort(-deviations[rows, columns], kind="stable")[:MAX_REGIONS]
    side = found.count * CELL
    offsets = np.arange(side)
    down = rows[order, np.newaxis, np.newaxis] * side + offsets[:, np.newaxis]
    across = columns[order, np.newaxis, np.newaxis] * side + offsets
    return np.asarray(hu)[down, across].astype(np.float32)


def _level(regions: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, side, side), minus the best plane of each."""
    side = regions.shape[1]
    slope = (np.arange(side) - (side - 1) / 2).astype(np.float32)
    square = (slope**2).sum() * side
    down = np.einsum("nij,i->n", regions, slope) / square
    across = np.einsum("nij,j->n", regions, slope) / square
    mean = regions.mean(axis=(1, 2))
    plane = down[:, np.newaxis, np.newaxis] * slope[:, np.newaxis]
    plane = plane + across[:, np.newaxis, np.newaxis] * slope
    return regions - plane - mean[:, np.newaxis, np.newaxis]


def spectrum_of(
    slices: Sequence[RegionSums], weights: NDArray[np.floating], pixel_mm: float
) -> NoisePowerSpectrum:
    """Noise power spectrum of slices that count by their weights."""
    total = sum(weight * part.correlation for part, weight in zip(slices, weights, strict=True))
    regions = sum(weight * part.regions for part, weight in zip(slices, weights, strict=True))
    side = len(total) // 2
    padded = np.zeros((_PADDING * side,) * 2)
    ends = slice(None, side), slice(1 - side, None)
    for rows, columns in product(ends, ends):
        padded[rows, columns] = total[rows, columns]
    power = np.fft.fft2(padded).real * (pixel_mm**2 / (regions * side**2))
    return NoisePowerSpectrum(np.fft.fftshift(power), (pixel_mm, pixel_mm))


def _interval(slices: Sequence[RegionSums], pixel_mm: float) -> tuple[float, float]:
    count = len(slices)
    draws = np.random.default_rng(0).multinomial(count, np.full(count, 1 / count), _DRAWS)
    found = [spectrum_of(slices, draw, pixel_mm).radial().mean_frequency for draw in draws]
    low, high = np.percentile(found, _INTERVAL)
    return float(low), float(high)
