"""Noise power spectrum: distribution of the noise over spatial frequencies, its texture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import Value, box_all

_TOP = 0.7  # share of the highest value that counts as the top


class RadialSpectrum(NamedTuple):
    """A noise power spectrum, its mean over directions.

    Attributes
    ----------
    frequency : ndarray of float64
        (n,), 1/mm, ascending: the middles of rings of frequencies.
    power : ndarray of float64
        (n,), HU^2 mm^2: the mean in each ring.
    """

    frequency: NDArray[np.float64]
    power: NDArray[np.float64]

    @property
    def peak_frequency(self) -> float:
        """Frequency of the peak: mean frequency of the values above 70 % of the maximum, 1/mm.

        Spectra of soft kernels have a flat top, where the highest value alone depends on chance.
        """
        smooth = np.convolve(self.power, (0.25, 0.5, 0.25))[1:-1]
        top = smooth >= _TOP * smooth.max()
        return float(self.frequency[top] @ smooth[top] / smooth[top].sum())

    @property
    def mean_frequency(self) -> float:
        """Mean frequency weighted by the power, f_av of AAPM TG-233, 1/mm."""
        return float(self.frequency @ self.power / self.power.sum())


@dataclass(frozen=True, eq=False)
class NoisePowerSpectrum:
    """A noise power spectrum.

    Attributes
    ----------
    power : ndarray of float64
        (rows, columns), HU^2 mm^2; frequency zero at (rows // 2, columns // 2).
    spacing_mm : tuple[float, float]
        Pixel spacing (between rows, between columns), mm.
    """

    power: NDArray[np.float64]
    spacing_mm: tuple[float, float]

    @property
    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frequencies of rows and of columns, 1/mm, ascending."""
        return _axes(self.power.shape, self.spacing_mm)

    def radial(self, edges: NDArray[np.float64] | None = None) -> RadialSpectrum:
        """Mean over directions, in rings.

        Parameters
        ----------
        edges : ndarray of float64, optional
            Of the rings, 1/mm, ascending; None for rings as wide as the coarser step of the axes,
            from the first around one step to the lower Nyquist frequency.
        """
        if edges is None:
            rings = _own_rings(self.power.shape, self.spacing_mm)
        else:
            rings = _rings(*self.axes, edges)
        total = np.bincount(rings.at, self.power.take(rings.inside), len(rings.middles))
        return RadialSpectrum(rings.middles, total / np.maximum(rings.sizes, 1))

    @property
    def noise(self) -> float:
        """Standard deviation of the noise, HU: the square root of the integral over frequencies."""
        rows, columns = self.axes
        cell = (rows[1] - rows[0]) * (columns[1] - columns[0])
        return float(np.sqrt(self.power.sum() * cell))


class _Rings(NamedTuple):
    """Rings of frequencies.

    Attributes
    ----------
    inside : ndarray of intp
        Flat indices of the values that lie in a ring.
    at : ndarray of intp
        Ring of each of them.
    sizes : ndarray of intp
        Number of values in each ring.
    middles : ndarray of float64
        Frequency of the middle of each ring, 1/mm.
    """

    inside: NDArray[np.intp]
    at: NDArray[np.intp]
    sizes: NDArray[np.intp]
    middles: NDArray[np.float64]


def _axes(
    shape: tuple[int, ...], spacing_mm: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    rows, columns = (
        np.fft.fftshift(np.fft.fftfreq(count, spacing))
        for count, spacing in zip(shape, spacing_mm, strict=True)
    )
    return rows, columns


def _rings(
    rows: NDArray[np.float64], columns: NDArray[np.float64], edges: NDArray[np.float64]
) -> _Rings:
    """Rings between edges of the frequencies of these axes; the last one has both its edges."""
    frequency = np.hypot(rows[:, np.newaxis], columns).ravel()
    ring = np.searchsorted(edges, frequency, "right") - 1
    ring[frequency == edges[-1]] -= 1
    inside = np.flatnonzero((ring >= 0) & (ring < len(edges) - 1))
    at = ring[inside]
    middles = (edges[:-1] + edges[1:]) / 2
    return _Rings(inside, at, np.bincount(at, minlength=len(middles)), middles)


@lru_cache(maxsize=16)
def _own_rings(shape: tuple[int, ...], spacing_mm: tuple[float, float]) -> _Rings:
    """Rings as wide as the coarser step of the axes, up to the lower Nyquist frequency."""
    rows, columns = _axes(shape, spacing_mm)
    step = max(rows[1] - rows[0], columns[1] - columns[0])
    last = int(min(-rows[0], -columns[0]) / step + 1e-6)
    return _rings(rows, columns, (np.arange(last + 1) + 0.5) * step)


def noise_power_spectrum(
    rois: NDArray[np.number], spacing_mm: tuple[float, float]
) -> NoisePowerSpectrum:
    """Noise power spectrum, the mean over regions of interest.

    From each region the least-squares polynomial surface of second order is subtracted, which takes
    shading out and the lowest frequencies with it (ICRU Report 87, 2012; AAPM TG-233, Samei et al.
    2019, doi 10.1002/mp.13763). Six of its degrees of freedom go with the surface; the spectrum is
    not scaled up for them. For anatomy take regions of (first - second) / sqrt(2) of two scans.

    Parameters
    ----------
    rois : ndarray
        (n, rows, columns) or one (rows, columns), HU, plain but for noise; see `tiles`.
    spacing_mm : tuple[float, float]
        Pixel spacing (between rows, between columns), mm.

    Returns
    -------
    NoisePowerSpectrum
        The mean over the regions.

    Raises
    ------
    ValueError
        No region, or one smaller than 4 x 4.
    """
    regions = np.asarray(rois, np.float64)
    regions = regions[np.newaxis] if regions.ndim == 2 else regions
    if regions.ndim != 3 or len(regions) == 0 or min(regions.shape[1:]) < 4:
        raise ValueError(f"shape {regions.shape}; regions are (n, rows, columns), 4 x 4 or more")
    return _spectrum(detrended(regions), regions.size, spacing_mm)


def difference_power_spectrum(
    difference: NDArray[np.floating],
    window: NDArray[np.floating],
    spacing_mm: tuple[float, float],
) -> NoisePowerSpectrum:
    """Noise power spectrum of a difference between slices, in a region of any shape.

    No surface is subtracted: shading and anatomy of both slices cancel in their difference.

    Parameters
    ----------
    difference : ndarray
        (rows, columns), HU.
    window : ndarray
        (rows, columns), weights of the pixels: the region, its edge tapered.
    spacing_mm : tuple[float, float]
        Pixel spacing (between rows, between columns), mm.

    Returns
    -------
    NoisePowerSpectrum
        The spectrum, normalised by the sum of the squared weights.
    """
    return _spectrum((difference * window)[np.newaxis], np.sum(window**2), spacing_mm)


def tiles(
    image: NDArray[Value],
    size: int,
    mask: NDArray[np.bool_] | None = None,
    step: int | None = None,
) -> NDArray[Value]:
    """Regions of ``size`` x ``size`` pixels within ``mask``.

    Parameters
    ----------
    image : ndarray
        (rows, columns).
    size : int
        Side of a region, pixels.
    mask : ndarray of bool, optional
        (rows, columns), allowed pixels; everywhere if None.
    step : int, optional
        Pixels from one region to the next; None for regions that overlap by half.

    Returns
    -------
    ndarray
        (n, size, size), values of ``image``; n is 0 where none is inside.
    """
    if min(image.shape) < size:
        return np.empty((0, size, size), image.dtype)
    every = (slice(None, None, step or max(size // 2, 1)),) * 2
    regions = np.lib.stride_tricks.sliding_window_view(image, (size, size))[every]
    if mask is None:
        return regions.reshape(-1, size, size)
    return regions[box_all(mask, size)[every]]


def detrended(regions: NDArray[np.float64]) -> NDArray[np.float64]:
    """(n, rows, columns), minus the best polynomial surface of second order."""
    count, rows, columns = regions.shape
    y, x = np.linspace(-1, 1, rows)[:, np.newaxis], np.linspace(-1, 1, columns)
    surface = [np.broadcast_to(term, (rows, columns)) for term in (1, y, x, y * y, x * y, x * x)]
    basis, _ = np.linalg.qr(np.stack(surface, axis=-1).reshape(-1, 6))
    values = regions.reshape(count, -1)
    return (values - values @ basis @ basis.T).reshape(regions.shape)


def _spectrum(
    regions: NDArray[np.float64], weight: float, spacing_mm: tuple[float, float]
) -> NoisePowerSpectrum:
    """Sum of the periodograms over ``weight``, the sum of the squared weights of all pixels."""
    total = np.zeros(regions.shape[1:])
    for transform in map(np.fft.fft2, regions):
        total += np.abs(transform) ** 2
    area = spacing_mm[0] * spacing_mm[1]
    return NoisePowerSpectrum(np.fft.fftshift(total) * area / weight, spacing_mm)
