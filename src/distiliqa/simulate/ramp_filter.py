"""The filter of filtered back-projection: a ramp with the apodization of a kernel.

The same transform upsamples the projections, so that the nearest sample is close enough for
back-projection (Kak & Slaney 1988, 3.3 and 3.4.1).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.simulate.arrays import Array, like, namespace
from distiliqa.simulate.kernels import RAMP, Kernel
from distiliqa.simulate.scanners import FanBeam, Geometry

UPSAMPLING = 4  # the nearest sample is then at most 1/8 channel away


def filtered(sinogram: Array, geometry: Geometry, kernel: Kernel = RAMP) -> Array:
    """Filter line integrals along the channels, and upsample them.

    Parameters
    ----------
    sinogram : (..., views, channels).

    Returns
    -------
    (..., views, channels * UPSAMPLING).
    """
    xp, length = namespace(sinogram), transform_length(geometry)
    response = like(filter_response(geometry, length, kernel), sinogram)
    weighted = sinogram * like(channel_weight(geometry), sinogram)
    upsampled = xp.fft.irfft(xp.fft.rfft(weighted, length) * response, length * UPSAMPLING)
    found = upsampled[..., : geometry.channels * UPSAMPLING] * UPSAMPLING
    return xp.asarray(found, dtype=sinogram.dtype)  # NumPy before 2 has float64


def noise_gain(geometry: Geometry, kernel: Kernel = RAMP) -> float:
    """Variance of filtered line integrals, for independent ones of variance 1."""
    length = transform_length(geometry)
    response = filter_response(geometry, length, kernel)
    return float(np.square(np.fft.irfft(response, length)).sum())


def transform_length(geometry: Geometry) -> int:
    """Length of the transform at which the ends of a projection do not overlap."""
    return 1 << (2 * geometry.channels - 1).bit_length()


def channel_weight(geometry: Geometry) -> NDArray[np.floating]:
    """Weight of each channel before filtering, (channels,) or () (Kak & Slaney 1988, eq. 98)."""
    if not isinstance(geometry, FanBeam):
        return np.ones(())
    return geometry.source_to_center * np.cos(geometry.channel_positions())


def filter_response(geometry: Geometry, length: int, kernel: Kernel = RAMP) -> NDArray[np.floating]:
    """Transform of the filter along the channels: float64, (length // 2 + 1,), per step.

    The ramp is sampled in space, which keeps the level of the slice right (Kak & Slaney 1988,
    eq. 61); a fan turns distances into sines (eq. 99).
    """
    index = np.fft.fftfreq(length, 1 / length)
    place = index * geometry.step
    if isinstance(geometry, FanBeam):
        place = np.sin(place)
    ramp = np.zeros(length)
    odd = index % 2 == 1
    ramp[odd] = -1 / (np.pi * place[odd]) ** 2
    ramp[0] = 1 / (4 * geometry.step**2)
    frequency = np.fft.rfftfreq(length, geometry.sampling)
    return np.fft.rfft(ramp).real * geometry.step * kernel.apodization(frequency)
