"""The grid that ratings lie on: a mean of five readers is a multiple of a fifth."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Means of up to this many readers; finer labels count as continuous.
MOST_READERS = 12
# Files round: 3.1667 is 19 / 6 to 2e-4 of a sixth.
_TOLERANCE = 1e-3


def detect_grid(labels: ArrayLike) -> float | None:
    """The coarsest step 1 / m, m = 1 to 12, of which all labels are multiples.

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
    for readers in range(1, MOST_READERS + 1):
        multiples = labels * readers
        if np.abs(multiples - np.rint(multiples)).max() <= _TOLERANCE:
            return 1 / readers
    return None


def to_grid(values: ArrayLike, step: float) -> NDArray[np.float64]:
    """Each value at its nearest multiple of ``step``."""
    return np.rint(np.asarray(values, np.float64) / step) * step
