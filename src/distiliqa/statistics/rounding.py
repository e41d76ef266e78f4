"""What is zero but for rounding.

The mean of equal values, or their difference, is off by the last digit of a float. Divided by such
a deviation, a mean becomes an effect of 1e15.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ROUNDING = 1e-12  # relative: some thousand times the last digit, as sums add up its errors


def deviations(values: Floats) -> Floats:
    """Deviations from the mean; all exactly 0 where the values are equal but for rounding.

    Parameters
    ----------
    values : ndarray of float64
        (n,), finite; n from 1.
    """
    found: Floats = values - values.mean()
    if np.abs(found).max() <= ROUNDING * np.abs(values).max():
        return np.zeros_like(found)
    return found


def above_rounding(square: float, values: Floats) -> float:
    """A mean square of deviations of values; exactly 0 where it is rounding.

    Parameters
    ----------
    square : float
        Mean of squares, in the unit of the values squared.
    values : ndarray of float64
        The values that were subtracted from each other, of any shape.
    """
    largest = float(np.abs(values).max())
    return 0.0 if square <= (ROUNDING * largest) ** 2 else square
