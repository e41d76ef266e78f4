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
