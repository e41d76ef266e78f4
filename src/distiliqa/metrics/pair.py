"""Preparation of an image and its reference: the same window, as a reader sees them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Window


def seen_through(
    window: Window,
    image: NDArray[np.number],
    reference: NDArray[np.number],
    mask: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Apply the window to both: in [0, 1], in double precision.

    Raises
    ------
    ValueError
        The images are not (rows, columns) of one shape or hold NaN or infinity, or ``mask`` is of
        another shape, not of booleans or leaves nothing.
    """
    if image.ndim != 2 or image.shape != reference.shape:
        raise ValueError(f"image {image.shape} and reference {reference.shape}: not one shape")
    if mask is not None and mask.dtype != np.bool_:  # 0 and 1 would be indices of pixels
        raise ValueError(f"a mask of type {mask.dtype}; give booleans, such as mask > 0")
    if mask is not None and (mask.shape != image.shape or not mask.any()):
        raise ValueError(f"mask {mask.shape} of {mask.sum()} pixels for an image {image.shape}")
    return _seen(window, image), _seen(window, reference)


def counted(values: NDArray[np.float64], mask: NDArray[np.bool_] | None) -> NDArray[np.float64]:
    """Select the values of a map of windows inside ``mask``; all if it is None.

    Raises `ValueError` where no window is left of a mask of the image.
    """
    if mask is None:
        return values
    if not mask.any():
        raise ValueError("the mask is too thin or too near the edge: no window of it counts")
    return values[mask]


def _seen(window: Window, hu: NDArray[np.number]) -> NDArray[np.float64]:
    if not np.isfinite(hu).all():
        raise ValueError("NaN or infinite values in an image; replace them by HU (air is -1000)")
    return np.asarray(window.apply(hu.astype(np.float64)), np.float64)
