"""How noisy a slice is around each pixel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import box_all, box_mean, mirrored
from distiliqa.metrics.soft_tissue import soft_tissue

BOX_MM = 6.0
_TYPICAL_SPACING_MM = 0.7
_SMALLEST_BOX = 7  # pixels: fewer would hide noise that is correlated over a few of them


def noise_map(
    image: NDArray[np.number], spacing_mm: tuple[float, float] | None = None
) -> NDArray[np.float64]:
    """Standard deviation in a box of 6 mm around each pixel, HU.

    Edges count as noise: take the map where the tissue is plain, or of a difference image.

    Parameters
    ----------
    image : ndarray
        (rows, columns), HU.
    spacing_mm : tuple[float, float], optional
        Pixel spacing (between rows, between columns), mm, which sets the box; None where it is not
        known, for 9 pixels: 6 mm at the 0.7 mm of a body scan. At least 7 pixels.

    Returns
    -------
    ndarray of float64
        (rows, columns), HU, the sample standard deviation; the border is mirrored.
    """
    size = box_size(spacing_mm)
    values = image.astype(np.float64)
    values -= values.mean()  # the difference of squares below is exact for small values
    values = mirrored(values, size)
    variance = box_mean(values**2, size) - box_mean(values, size) ** 2
    return np.sqrt(np.maximum(variance, 0) * sample_factor(size))


def soft_tissue_boxes(
    hu: NDArray[np.number], spacing_mm: tuple[float, float] | None = None
) -> NDArray[np.bool_]:
    """Pixels whose box of `noise_map` holds nothing but soft tissue, 0 to 100 HU."""
    size = box_size(spacing_mm)
    return box_all(mirrored(soft_tissue(hu, size), size), size)


def box_size(spacing_mm: tuple[float, float] | None) -> int:
    """Side of the box, pixels. A spacing that is not positive is not a spacing."""
    spacing = spacing_mm[0] if spacing_mm and spacing_mm[0] > 0 else _TYPICAL_SPACING_MM
    return max(_SMALLEST_BOX, round(BOX_MM / spacing))


def sample_factor(size: int) -> float:
    """From the mean square deviation in a box to the sample variance."""
    return size**2 / (size**2 - 1)
