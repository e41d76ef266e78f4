"""Tasks of low contrast: Gaussian blobs, and the filters through which they see an error.

A reader looks for faint structures of a few sizes. A matched filter of a blob keeps the part of an
error that hides it. It is scaled so that the noise of filtered back-projection with a standard
kernel keeps its standard deviation. Then an error is measured in HU of such noise: streaks,
blotches and rings, whose power lies where the blobs look, count more than white noise of the same
deviation (Burgess, J Opt Soc Am A 1999, doi 10.1364/JOSAA.16.000633).
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fftfreq, irfft2, rfft2, rfftfreq

from distiliqa.simulate.kernels import STANDARD

SIZES_MM = (0.5, 1.0, 2.0)  # standard deviations of the blobs
_SHADING_MM = 4.0  # standard deviation of the Gaussian that keeps it
_MIN_PIXELS = 0.7  # a smaller blob is one pixel, which no filter can part from noise

Array = NDArray[np.float32]


class Tasks(NamedTuple):
    """Tasks on a pixel grid.

    Attributes
    ----------
    sizes : standard deviation of each blob, pixels.
    filters : (tasks, rows, columns // 2 + 1), gain at the frequencies of `scipy.fft.rfft2`.
    fine : (rows, columns // 2 + 1), gain for all that is finer than shading.
    peaks : what each task sees at the middle of its blob of height 1.
    """

    sizes: tuple[float, ...]
    filters: Array
    fine: Array
    peaks: Array

    def power(self, error: NDArray[np.floating]) -> Array:
        """Square of an error as a reader of each task sees it: (tasks, rows, columns), HU^2.

        The filter that a reader matches to a blob is not exact: half of what counts is the error
        behind the matched filter, and half is all of it but slow shading.

        Parameters
        ----------
        error : (rows, columns), HU.
        """
        spectrum = rfft2(error.astype(np.float32))
        seen = [irfft2(spectrum * gain, s=error.shape) ** 2 for gain in (*self.filters, self.fine)]
        return np.stack([(matched + seen[-1]) / 2 for matched in seen[:-1]])


@lru_cache(maxsize=8)
def tasks_on(shape: tuple[int, int], spacing_mm: float) -> Tasks:
    """Tasks on a grid of ``shape`` pixels of ``spacing_mm``."""
    across, down = rfftfreq(shape[1], spacing_mm), fftfreq(shape[0], spacing_mm)
    frequency = np.hypot(down[:, None], across)  # cycles/mm
    twice = np.full(across.shape, 2.0)  # `rfft2` leaves out the conjugate half
    twice[0] = 1
    power = twice * frequency * STANDARD.apodization(frequency) ** 2
    sizes = [max(size, _MIN_PIXELS * spacing_mm) for size in SIZES_MM]
    blobs = [np.exp(-2 * (np.pi * size * frequency) ** 2) * (frequency > 0) for size in sizes]
    gains = [blob * np.sqrt(power.sum() / (power * blob**2).sum()) for blob in blobs]
    # The spectrum of a blob of height 1 is 2 pi size^2 times its own Gaussian.
    area = shape[0] * shape[1] * spacing_mm**2
    peaks = [
        2 * np.pi * size**2 * (twice * blob * gain).sum() / area
        for size, blob, gain in zip(sizes, blobs, gains, strict=True)
    ]
    return Tasks(
        tuple(size / spacing_mm for size in sizes),
        np.stack(gains).astype(np.float32),
        (1 - np.exp(-2 * (np.pi * _SHADING_MM * frequency) ** 2)).astype(np.float32),
        np.array(peaks, np.float32),
    )
