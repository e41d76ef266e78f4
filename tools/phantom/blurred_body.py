"""Slices of bodies whose sharpness, noise and size are known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from scipy.special import ndtr

HALF_FREQUENCY = np.sqrt(np.log(2) / 2) / np.pi  # at which a Gaussian of 1 mm falls to a half, 1/mm


def body(
    f50: float = 0.35,
    *,
    pixel_mm: float = 0.5,
    size: int = 320,
    noise_hu: float = 8.0,
    radius: float = 0.4,
    skin_mm: float | None = None,
    seed: int = 0,
) -> NDArray[np.float32]:
    """An ellipse of soft tissue of 50 HU in air, blurred by a Gaussian, with smooth noise.

    Parameters
    ----------
    f50 : frequency at which the response of the blur is a half, 1/mm.
    radius : mean radius of the body, as a share of the field of view.
    skin_mm : thickness of skin of 50 HU on fat of -100 HU; None for soft tissue throughout.
    """
    sigma = HALF_FREQUENCY / f50
    middle = (size - 1) / 2
    y, x = (np.mgrid[:size, :size] - middle) * pixel_mm
    a, b = (radius * size * pixel_mm * share for share in (1.1, 0.9))
    level = np.hypot(x / a, y / b)
    depth = (1 - level) / np.maximum(np.hypot(x / a**2, y / b**2), 1e-9) * np.maximum(level, 1e-9)
    hu = 1050 * ndtr(depth / sigma) - 1000
    if skin_mm is not None:
        hu -= 150 * ndtr((depth - skin_mm) / sigma)
    return (hu + noise(hu.shape, noise_hu, seed)).astype(np.float32)


def noise(shape: tuple[int, ...], noise_hu: float, seed: int = 0) -> NDArray[np.float64]:
    """Smooth noise of this standard deviation, HU."""
    found = gaussian_filter(np.random.default_rng(seed).normal(size=shape), 0.8)
    return found / found.std() * noise_hu
