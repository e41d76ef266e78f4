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


def content_doubt(hu: NDArray[np.float32], window: Window) -> str | None:
    """Say why the score of a slice is doubtful: nothing to see in the window, or values not in HU.

    None where neither is so. A slice of the body holds fat or air, which are below 0 HU.
    """
    lowest, highest = hu.min(), hu.max()
    shown = window.apply(np.array([lowest, highest]))
    if shown[0] == shown[1]:
        return f"no image content: {lowest:g} to {highest:g} HU"
    if lowest >= 0:
        return f"values look unlike HU: no air or fat, {lowest:g} to {highest:g}"
    return None
