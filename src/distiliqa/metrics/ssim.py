"""Structural similarity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import SOFT_TISSUE, Window
from distiliqa.metrics.filters import box_mean
from distiliqa.metrics.pair import counted, seen_through

SIZE = 7
_LUMINANCE, _CONTRAST = 0.01**2, 0.03**2  # C1 and C2 of the paper at data range 1
_STRIP = 64  # rows at a time; data that fit the cache take a quarter of the time
_INSIDE = (slice(SIZE // 2, -(SIZE // 2)),) * 2


def ssim(
    image: NDArray[np.number],
    reference: NDArray[np.number],
    window: Window = SOFT_TISSUE,
    mask: NDArray[np.bool_] | None = None,
) -> float:
    """Structural similarity (Wang et al. 2004, doi 10.1109/TIP.2003.819861).

    In the form that most CT papers use, the default of scikit-image: uniform windows of 7 x 7
    pixels, sample covariance, data range 1, mean over the windows that lie inside the image.

    Parameters
    ----------
    image, reference : ndarray
        (rows, columns), HU, at least 7 x 7.
    window : Window
        What a reader sees; values beyond it are clipped.
    mask : ndarray of bool, optional
        (rows, columns), the pixels whose windows count, such as the body; all if None.

    Returns
    -------
    float
        In [-1, 1], higher is better; 1 where the images are equal in the window.

    Raises
    ------
    ValueError
        Images of different shapes, smaller than 7 x 7 or with NaN or infinity, or a mask of numbers
        or one without a pixel whose window lies inside the image.
    """
    if min(image.shape) < SIZE:
        raise ValueError(f"shape {image.shape}; SSIM needs at least {SIZE} x {SIZE} pixels")
    seen, pristine = seen_through(window, image, reference, mask)
    strips = [slice(top, top + _STRIP + SIZE - 1) for top in range(0, len(seen) - SIZE + 1, _STRIP)]
    similarity = np.concatenate([_similarity(seen[rows], pristine[rows]) for rows in strips])
    return float(np.mean(counted(similarity, None if mask is None else mask[_INSIDE])))


def _similarity(seen: NDArray[np.float64], pristine: NDArray[np.float64]) -> NDArray[np.floating]:
    """Structural similarity of each window, (rows - 6, columns - 6)."""
    sample = SIZE**2 / (SIZE**2 - 1)
    mean, target = box_mean(seen, SIZE), box_mean(pristine, SIZE)
    variance = sample * (box_mean(seen**2, SIZE) - mean**2)
    wanted = sample * (box_mean(pristine**2, SIZE) - target**2)
    covariance = sample * (box_mean(seen * pristine, SIZE) - mean * target)
    luminance = (2 * mean * target + _LUMINANCE) / (mean**2 + target**2 + _LUMINANCE)
    return luminance * ((2 * covariance + _CONTRAST) / (variance + wanted + _CONTRAST))
