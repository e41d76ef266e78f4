"""Gradient magnitude similarity deviation."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import SOFT_TISSUE, Window
from distiliqa.metrics.pair import counted, seen_through

_CONSTANT = 170 / 255**2  # T of the paper, which is for values up to 255


def gmsd(
    image: NDArray[np.number],
    reference: NDArray[np.number],
    window: Window = SOFT_TISSUE,
    mask: NDArray[np.bool_] | None = None,
) -> float:
    """Gradient magnitude similarity deviation (Xue et al. 2014, doi 10.1109/TIP.2013.2293423).

    As in the paper, the images are averaged over 2 x 2 pixels first and the gradient is Prewitt's;
    an odd last row or column is left out.

    Parameters
    ----------
    image, reference : ndarray
        (rows, columns), HU, at least 2 x 2.
    window : Window
        What a reader sees; values beyond it are clipped.
    mask : ndarray of bool, optional
        (rows, columns), the pixels that count, such as the body; all if None.

    Returns
    -------
    float
        0 or more, lower is better; 0 where the images are equal in the window.

    Raises
    ------
    ValueError
        Images of different shapes or with NaN or infinity, or a mask of numbers or one that holds
        most of no 2 x 2 pixels.
    """
    seen, pristine = map(_halved, seen_through(window, image, reference, mask))
    one, other = _gradient(seen), _gradient(pristine)
    similarity = (2 * one * other + _CONSTANT) / (one**2 + other**2 + _CONSTANT)
    return float(np.std(counted(similarity, None if mask is None else _halved(mask) > 0.5)))


def _halved(values: NDArray) -> NDArray[np.float64]:
    """Mean of each 2 x 2 pixels."""
    rows, columns = (side // 2 * 2 for side in values.shape)
    even = values[:rows, :columns].astype(np.float64)
    return (even[::2, ::2] + even[1::2, ::2] + even[::2, 1::2] + even[1::2, 1::2]) / 4


def _gradient(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Magnitude of the gradient; 0 beyond the edge, as in the code of the paper."""
    padded = np.pad(values, 1)
    down = (padded[2:] - padded[:-2]) / 3
    across = (padded[:, 2:] - padded[:, :-2]) / 3
    down = down[:, :-2] + down[:, 1:-1] + down[:, 2:]
    across = across[:-2] + across[1:-1] + across[2:]
    return np.hypot(down, across)
