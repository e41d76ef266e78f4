"""Steps of ratings: the mean of a few readers is a multiple of one over their number."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Means of up to this many readers; finer labels count as continuous.
MAX_READERS = 12
# Files round: 3.1667 is 19 / 6 to 2e-4 of a sixth.
_TOLERANCE = 1e-3


def detect_grid(labels: ArrayLike) -> float | None:
    """Find the coarsest step 1 / m, m = 1 to 12, of which all labels are multiples.

    The mean rating of five readers is a multiple of a fifth.

    Parameters
    ----------
    labels : (n,).

    Returns
    -------
    The step, in units of the labels; None for continuous labels and for a single value.
    """
    labels = np.asarray(labels, np.float64)
    if np.ptp(labels) == 0:
        return None
    for readers in range(1, MAX_READERS + 1):
        multiples = labels * readers
        if np.abs(multiples - np.rint(multiples)).max() <= _TOLERANCE:
            return 1 / readers
    return None


def to_grid(values: ArrayLike, step: float) -> NDArray[np.float64]:
    """Round values to the nearest multiple of ``step``."""
    return np.rint(np.asarray(values, np.float64) / step) * step
