"""How noise is spread over spatial frequencies: its texture."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class NoisePowerSpectrum:
    """A noise power spectrum.

    Attributes
    ----------
    power : (rows, columns), HU^2 mm^2; frequency zero at (rows // 2, columns // 2).
    spacing_mm : pixel spacing (between rows, between columns), mm.
    """

    power: NDArray[np.float64]
    spacing_mm: tuple[float, float]

    @property
    def axes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Frequencies of rows and of columns, 1/mm, ascending."""
        rows, columns = (
            np.fft.fftshift(np.fft.fftfreq(count, spacing))
            for count, spacing in zip(self.power.shape, self.spacing_mm, strict=True)
        )
        return rows, columns

    @cached_property
    def radial(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Mean over directions: frequencies, 1/mm, and power, HU^2 mm^2.

        Rings as wide as the coarser step of the axes, from the first ring above zero to the lower
        Nyquist frequency.
        """
        rows, columns = self.axes
        frequency = np.hypot(rows[:, np.newaxis], columns)
        step = max(rows[1] - rows[0], columns[1] - columns[0])
        rings = np.rint(frequency / step).astype(np.intp).ravel()
        counts = np.bincount(rings)
        last = int(min(-rows[0], -columns[0]) / step + 1e-6)
        means = (
            np.bincount(rings, weights.ravel()) / np.maximum(counts, 1)
            for weights in (frequency, self.power)
        )
        radius, power = (mean[1 : last + 1] for mean in means)
        return radius, power

    @property
    def peak_frequency(self) -> float:
        """Where the radial spectrum is highest, 1/mm."""
        frequency, power = self.radial
        return float(frequency[np.argmax(power)])

    @property
    def mean_frequency(self) -> float:
        """Mean frequency weighted by the radial spectrum, f_av of AAPM TG-233, 1/mm."""
        frequency, power = self.radial
        return float(np.average(frequency, weights=power))

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
    rois : (n, rows, columns) or one (rows, columns), HU, plain but for noise; see `tiles`.
    spacing_mm : pixel spacing (between rows, between columns), mm.

    Raises
    ------
    ValueError : no region, or one smaller than 4 x 4.
    """
    regions = np.asarray(rois, np.float64)
    regions = regions[np.newaxis] if regions.ndim == 2 else regions
    if regions.ndim != 3 or len(regions) == 0 or min(regions.shape[1:]) < 4:
        raise ValueError(f"shape {regions.shape}; regions are (n, rows, columns), 4 x 4 or more")
    count, rows, columns = regions.shape
    total = np.zeros((rows, columns))
    for transform in map(np.fft.fft2, _detrended(regions)):
        total += np.abs(transform) ** 2
    area = spacing_mm[0] * spacing_mm[1]
    return NoisePowerSpectrum(np.fft.fftshift(total) * area / (rows * columns * count), spacing_mm)


def tiles(
    image: NDArray[np.number], size: int, mask: NDArray[np.bool_] | None = None
) -> NDArray[np.number]:
    """The regions of ``size`` x ``size`` pixels, overlapping by half, that lie within ``mask``.

    Returns
    -------
    (n, size, size), values of ``image``; n is 0 where none fits.
    """
    view = np.lib.stride_tricks.sliding_window_view
    step = (slice(None, None, max(size // 2, 1)),) * 2
    regions = view(image, (size, size))[step]
    if mask is None:
        return regions.reshape(-1, size, size)
    return regions[view(mask, (size, size))[step].all(axis=(2, 3))]


def _detrended(regions: NDArray[np.float64]) -> NDArray[np.float64]:
    count, rows, columns = regions.shape
    y, x = np.linspace(-1, 1, rows)[:, np.newaxis], np.linspace(-1, 1, columns)
    surface = [np.broadcast_to(term, (rows, columns)) for term in (1, y, x, y * y, x * y, x * x)]
    basis, _ = np.linalg.qr(np.stack(surface, axis=-1).reshape(-1, 6))
    values = regions.reshape(count, -1)
    return (values - values @ basis @ basis.T).reshape(regions.shape)
