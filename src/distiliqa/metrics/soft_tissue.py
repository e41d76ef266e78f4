"""Where a slice holds soft tissue."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import box_mean, mirrored

SOFT_TISSUE_HU = (0.0, 100.0)


def soft_tissue(
    hu: NDArray[np.number], size: int, hu_range: tuple[float, float] = SOFT_TISSUE_HU
) -> NDArray[np.bool_]:
    """Pixels of soft tissue, told by the mean around each so that noise does not decide.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU.
    size : int
        Side of the box that the mean is taken over, pixels.
    hu_range : tuple[float, float]
        What the mean lies between, HU.
    """
    low, high = hu_range
    smooth = box_mean(mirrored(hu.astype(np.float64), size), size)
    return (smooth > low) & (smooth < high)
