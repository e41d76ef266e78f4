"""Displacement within an image: smear, double contours, and shift.

All are products in the space of frequencies, so that no interpolation takes noise away.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.fft import fftfreq, irfft2, rfft2, rfftfreq

from distiliqa.simulate.processing.preparation import Image, Preparation, Process

_GHOST_SHARE = 0.4
_MARGIN = 16  # pixels beyond the displacement

Waves = NDArray[np.float64]  # periods of each frequency along the displacement


def smear(given: Preparation) -> Process:
    """Mean along a line of ``strength`` mm, centered on each pixel."""
    return _displacing(given, np.sinc)


def ghost(given: Preparation) -> Process:
    """Sum of the image and its copy ``strength`` mm away, with shares that add up to 1."""
    share = _GHOST_SHARE
    return _displacing(given, lambda waves: 1 - share + share * np.exp(-2j * np.pi * waves))


def shift(given: Preparation) -> Process:
    """The image ``strength`` mm away."""
    return _displacing(given, lambda waves: np.exp(-2j * np.pi * waves))


def _displacing(given: Preparation, transfer: Callable[[Waves], NDArray]) -> Process:
    length, angle = given.pixels(given.strength), given.rng.uniform(0, 2 * math.pi)
    margin = _MARGIN + math.ceil(abs(length))
    rows, columns = (side + 2 * margin for side in given.hu.shape)
    waves = length * (
        math.sin(angle) * fftfreq(rows)[:, None] + math.cos(angle) * rfftfreq(columns)
    )
    factor = transfer(waves).astype(np.complex64)

    def displaced(hu: Image) -> Image:
        wide = np.pad(hu, margin, mode="symmetric")
        moved = irfft2(rfft2(wide) * factor, s=(rows, columns))
        return moved[margin:-margin, margin:-margin]

    return displaced


def rms_displacement_mm(kind: str, strength: float) -> float:
    """Root mean square of the displacement about its mean, mm; 0 for a shift."""
    spread = {"smear": 12**-0.5, "ghost": math.sqrt(_GHOST_SHARE * (1 - _GHOST_SHARE))}
    return spread.get(kind, 0.0) * strength
