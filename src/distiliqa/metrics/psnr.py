"""Peak signal-to-noise ratio."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import SOFT_TISSUE, Window
from distiliqa.metrics.pair import seen_through


def psnr(
    image: NDArray[np.number],
    reference: NDArray[np.number],
    window: Window = SOFT_TISSUE,
    mask: NDArray[np.bool_] | None = None,
) -> float:
    """Peak signal-to-noise ratio in the window, dB: the peak is the width of the window.

    Parameters
    ----------
    image, reference : ndarray
        (rows, columns), HU.
    window : Window
        What a reader sees; values beyond it are clipped.
    mask : ndarray of bool, optional
        (rows, columns), the pixels that count, such as the body; all if None.

    Returns
    -------
    float
        0 or more, higher is better; infinite where the images are equal in the window.

    Raises
    ------
    ValueError
        Images of different shapes or with NaN or infinity, or an empty mask or one of numbers.
    """
    seen, pristine = seen_through(window, image, reference, mask)
    squares = (seen - pristine) ** 2
    error = float(np.mean(squares if mask is None else squares[mask]))
    return -10 * math.log10(error) if error > 0 else math.inf
