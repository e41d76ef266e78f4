"""Denoisers that smooth too much."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.restoration import denoise_nl_means, estimate_sigma


def smoothed(hu: NDArray[np.floating], strength: float) -> NDArray[np.float32]:
    """Non-local means (Buades et al. 2005, doi 10.1109/CVPR.2005.38) of a slice, HU.

    Parameters
    ----------
    strength : width of the filter in noise standard deviations: 0.6 is mild, above 1 looks
        like plastic.
    """
    # Bone, air and metal would rule the distances between patches.
    inner = np.clip(hu, -400, 600).astype(np.float32)
    sigma = float(estimate_sigma(inner))
    smooth = denoise_nl_means(
        inner, patch_size=5, patch_distance=6, h=strength * sigma, sigma=sigma, fast_mode=True
    )
    return np.where(inner == hu, smooth, hu).astype(np.float32)
