"""A slice and a worse version of it."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Pair = tuple[NDArray[np.float32], NDArray[np.float32]]


@pytest.fixture(scope="session")
def pair() -> Pair:
    """Image and reference, (96, 111), HU: organs in fat and air, and noise with a little blur."""
    rng = np.random.default_rng(5)
    organs = 1500 * gaussian_filter(rng.normal(size=(96, 111)), 5) + 20
    reference = np.where(np.hypot(*(np.mgrid[:96, :111] - 50)) < 45, organs, -1000)
    image = gaussian_filter(reference, 0.7) + rng.normal(0, 25, reference.shape)
    return image.astype(np.float32), reference.astype(np.float32)
