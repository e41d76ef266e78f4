"""Crop or pad a slice to the size of a network, without resampling."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

AIR_HU = -1000.0


def crop_or_pad(hu: NDArray[np.float32], size: int = 512) -> tuple[NDArray[np.float32], str | None]:
    """Center-crop or pad a slice to ``size`` x ``size``.

    Each axis is cropped, or padded with air (-1000 HU). With an odd difference the extra pixel is
    at the end. Nothing is resampled: that would change the noise, which the score depends on.

    Parameters
    ----------
    hu : ndarray of float32
        (rows, columns), HU.
    size : int
        Rows and columns of the result, pixels.

    Returns
    -------
    sized : ndarray of float32
        (size, size), HU.
    note : str or None
        A sentence on the change; None for no change.
    """
    rows, columns = hu.shape
    if (rows, columns) == (size, size):
        return hu, None
    sized = np.full((size, size), AIR_HU, dtype=hu.dtype)
    source, target = zip(*(common_part(n, size) for n in (rows, columns)), strict=True)
    sized[target] = hu[source]
    verbs = [
        verb
        for verb, done in (("cropped", max(hu.shape) > size), ("padded", min(hu.shape) < size))
        if done
    ]
    return sized, f"{rows} x {columns} {' and '.join(verbs)} to {size} x {size}, not resampled"


def undo_crop_or_pad(
    heatmap: NDArray[np.floating], shape: tuple[int, int], size: int = 512
) -> NDArray[np.float32]:
    """Lay a heatmap of a cropped or padded slice over the whole slice.

    Parameters
    ----------
    heatmap : (rows, columns) of equal patches over ``size`` x ``size`` pixels.
    shape : (rows, columns) of the slice.

    Returns
    -------
    float32, of ``shape``: for each pixel the value of its patch; NaN where the slice was cropped.
    """
    laid = np.full(shape, np.nan, dtype=np.float32)
    source, target = zip(*(common_part(n, size) for n in shape), strict=True)
    down, across = (np.arange(size) * patches // size for patches in heatmap.shape)
    laid[source] = heatmap[np.ix_(down[target[0]], across[target[1]])]
    return laid


def common_part(length: int, size: int) -> tuple[slice, slice]:
    """The common central part of two axes, as a slice of that of ``length`` and of ``size``."""
    common = min(length, size)
    start, begin = (length - common) // 2, (size - common) // 2
    return slice(start, start + common), slice(begin, begin + common)
