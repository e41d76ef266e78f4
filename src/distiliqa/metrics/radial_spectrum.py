"""Mean of a spectrum over directions: rings of frequencies."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

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


class Rings(NamedTuple):
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


def axes_of(
    shape: tuple[int, ...], spacing_mm: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies of the rows and the columns of a spectrum, 1/mm, ascending."""
    rows, columns = (
        np.fft.fftshift(np.fft.fftfreq(count, spacing))
        for count, spacing in zip(shape, spacing_mm, strict=True)
    )
    return rows, columns


def rings_between(
    rows: NDArray[np.float64], columns: NDArray[np.float64], edges: NDArray[np.float64]
) -> Rings:
    """Rings between edges of the frequencies of these axes; the last one has both its edges."""
    frequency = np.hypot(rows[:, np.newaxis], columns).ravel()
    ring = np.searchsorted(edges, frequency, "right") - 1
    ring[frequency == edges[-1]] -= 1
    inside = np.flatnonzero((ring >= 0) & (ring < len(edges) - 1))
    at = ring[inside]
    middles = (edges[:-1] + edges[1:]) / 2
    return Rings(inside, at, np.bincount(at, minlength=len(middles)), middles)


@lru_cache(maxsize=16)
def own_rings(shape: tuple[int, ...], spacing_mm: tuple[float, float]) -> Rings:
    """Rings as wide as the coarser step of the axes, up to the lower Nyquist frequency."""
    rows, columns = axes_of(shape, spacing_mm)
    step = max(rows[1] - rows[0], columns[1] - columns[0])
    last = int(min(-rows[0], -columns[0]) / step + 1e-6)
    return rings_between(rows, columns, (np.arange(last + 1) + 0.5) * step)
