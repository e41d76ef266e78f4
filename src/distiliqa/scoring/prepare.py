"""What is asked of a slice before it is scored, and what its reader should be told."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.ct import Window
from distiliqa.ct.hu import SMALLEST_SIDE


def check_hu(hu: ArrayLike) -> NDArray[np.float32]:
    """Return one slice as float32 once it can be an image in HU.

    Parameters
    ----------
    hu : (rows, columns), real numbers, HU.

    Raises
    ------
    ValueError : not two axes, a side under 32 pixels, not real numbers, or NaN or infinity.
    """
    array = np.asarray(hu)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"values of type {array.dtype}; HU are real numbers")
    if array.ndim != 2:
        raise ValueError(f"shape {array.shape}; a slice is (rows, columns)")
    if min(array.shape) < SMALLEST_SIDE:
        rows, columns = array.shape
        raise ValueError(
            f"{rows} x {columns} pixels; at least {SMALLEST_SIDE} x {SMALLEST_SIDE} are needed"
        )
    with np.errstate(over="ignore"):
        array = array.astype(np.float32, copy=False)
    if not_finite := array.size - np.count_nonzero(np.isfinite(array)):
        raise ValueError(f"{not_finite} pixels are NaN or infinite; HU are finite")
    return array


def content_warnings(hu: NDArray[np.float32], window: Window) -> tuple[str, ...]:
    """Say what makes the score of a slice doubtful: nothing to see, or values that are not HU."""
    lowest, highest = hu.min(), hu.max()
    shown = window.apply(np.array([lowest, highest]))
    found = []
    if shown[0] == shown[1]:
        found.append("no image content")
    if lowest < highest and lowest >= 0 and highest <= 1:
        found.append("values lie in [0, 1]: HU expected")
    return tuple(found)
