"""Detect that two sets of numbers of the same images are on different scales."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MIN_IMAGES = 10  # a line through fewer fits anything
_MIN_SHARED = 0.5  # of the longer range
_MAX_LEFT = 0.5  # of the mean absolute error, after a straight line


def on_different_scales(x: Floats, y: Floats) -> bool:
    """Whether ranges share little, while a straight line would map one side well to the other.

    Numbers that merely disagree show only the first of these signs; fewer than `MIN_IMAGES` numbers
    show none.

    Parameters
    ----------
    x, y : ndarray of float
        (n,), finite.
    """
    if len(x) < MIN_IMAGES:
        return False
    shared = min(x.max(), y.max()) - max(x.min(), y.min())
    longer = max(np.ptp(x), np.ptp(y))
    if np.ptp(x) == 0 or np.ptp(y) == 0 or shared >= _MIN_SHARED * longer:
        return False
    slope, start = np.polyfit(x, y, 1)
    left = np.abs(slope * x + start - y).mean()
    return bool(left < _MAX_LEFT * np.abs(x - y).mean())
