"""Noise power spectrum: distribution of the noise over spatial frequencies, its texture."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import Value, box_all
from distiliqa.metrics.radial_spectrum import RadialSpectrum, axes_of, own_rings, rings_between


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
        return axes_of(self.power.shape, self.spacing_mm)

    def radial(self, edges: NDArray[np.float64] | None = None) -> RadialSpectrum:
        """Mean over directions, in rings.

        Parameters
        ----------
        edges : ndarray of float64, optional
            Of the rings, 1/mm, ascending; None for rings as wide as the coarser step of the axes,
            from the first around one step to the lower Nyquist frequency.
        """
        if edges is None:
            rings = own_rings(self.power.shape, self.spacing_mm)
        else:
            rings = rings_between(*self.axes, edges)
        total = np.bincount(rings.at, self.power.take(rings.inside), len(rings.middles))
        return RadialSpectrum(rings.middles, total / np.maximum(rings.sizes, 1))

    @property
    def noise(self) -> float:
        """Standard deviation of the noise, HU: the square root of the integral over frequencies."""
        rows, columns = self.axes
        cell = (rows[1] - rows[0]) * (columns[1] - columns[0])
        return float(np.sqrt(self.power.sum() * cell))


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
        The spectrum, normalized by the sum of the squared weights.
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
