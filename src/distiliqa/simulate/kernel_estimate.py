"""The kernel that a slice was made with, from the noise in the slice."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from distiliqa.metrics.noise_power_spectrum import detrended, tiles
from distiliqa.metrics.soft_tissue import soft_tissue
from distiliqa.simulate.kernels import STANDARD, Kernel, named_kernel

Array = NDArray[np.float64]
_BOX = 16  # pixels
_STRIDE = 4
_FEWEST_BOXES = 20
_SMOOTHING = 5  # pixels: less than a box of `noise_map`, for more boxes
_SOFT_TISSUE_HU = (-20.0, 140.0)  # wide: noise is left in the mean of so few pixels
_QUIET = 30  # percentile of the boxes: the others hold edges
_LOG_ERROR = 0.15  # of the spectrum in one ring of frequencies


class _Prior(NamedTuple):
    """What is known of a kernel before: its logarithms are off by about these."""

    kernel: Kernel
    half: float
    order: float


def estimate_kernel(hu: NDArray[np.floating], spacing_mm: float, name: str | None = None) -> Kernel:
    """The kernel whose noise looks most like that of the slice.

    The power spectrum of boxes of soft tissue is taken for noise, ``f * apodization**2``, plus
    anatomy, ``f**-3``. What the name of the kernel tells is weighed in.

    Parameters
    ----------
    hu : (rows, columns), HU.
    name : DICOM Convolution Kernel.

    Returns
    -------
    A kernel; for a slice with fewer than 20 boxes of soft tissue the one that the name tells, or
    the standard one.
    """
    known = named_kernel(name)
    prior = _Prior(known, 0.1, 0.1) if known else _Prior(STANDARD, 0.5, 0.4)
    spectrum = _spectrum(hu.astype(np.float64), spacing_mm)
    return prior.kernel if spectrum is None else _fit(*spectrum, spacing_mm, prior)


def _spectrum(hu: Array, spacing_mm: float) -> tuple[Array, Array] | None:
    """Frequencies, cycles/mm, and the power spectrum of the quieter boxes, averaged over rings."""
    boxes = tiles(hu, _BOX, soft_tissue(hu, _SMOOTHING, _SOFT_TISSUE_HU), step=_STRIDE)
    if len(boxes) < _FEWEST_BOXES:
        return None
    taper = np.outer(*[np.hanning(_BOX + 2)[1:-1]] * 2)
    power = np.abs(np.fft.fft2(detrended(boxes) * taper)).reshape(len(boxes), -1) ** 2
    axis = np.fft.fftfreq(_BOX, spacing_mm)
    frequency = np.hypot(axis, axis[:, None]).ravel()
    ring = np.round(frequency * _BOX * spacing_mm).astype(int)
    member = np.eye(ring.max() + 1)[ring] / np.bincount(ring)
    return frequency @ member, np.percentile(power @ member, _QUIET, axis=0)


def _fit(frequency: Array, power: Array, spacing_mm: float, prior: _Prior) -> Kernel:
    use = (frequency > 0) & (frequency <= 0.51 / spacing_mm)
    f, log_power = np.log(frequency[use]), np.log(np.maximum(power[use], 1e-12))
    expected = np.log([prior.kernel.half, prior.kernel.order])

    def misfit(values: Array) -> Array:
        noise, anatomy, half, order = values
        fall = 2 * np.log(2) * np.exp(np.exp(order) * (f - half))
        model = np.logaddexp(noise + f - fall, anatomy - 3 * f)
        known = (values[2:] - expected) / (prior.half, prior.order)
        return np.concatenate([(model - log_power) / _LOG_ERROR, known])

    start = [np.median(log_power - f), log_power[0] + 3 * f[0], *expected]
    half, order = np.exp(least_squares(misfit, start).x[2:])
    return Kernel(float(half), float(order))
