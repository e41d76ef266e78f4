"""A denoiser that smooths too much."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.restoration import denoise_nl_means
from torch import Tensor

from distiliqa.metrics.noise_level import global_noise_level
from distiliqa.metrics.noise_map import noise_map

_BODY_HU = (-400.0, 600.0)  # bone, air and metal would rule the distances between patches


NO_NOISE = 1.0  # strength that takes the noise off and leaves the anatomy


def denoised(hu: Tensor, spacing_mm: float, strength: float) -> Tensor:
    """`smoothed` for slices on any device, (n, rows, columns), HU."""
    each = [smoothed(one, spacing_mm, strength) for one in hu.cpu().numpy()]
    return torch.from_numpy(np.stack(each)).to(hu)


def smoothed(hu: NDArray[np.floating], spacing_mm: float, strength: float) -> NDArray[np.float32]:
    """Non-local means (Buades et al. 2005, doi 10.1109/CVPR.2005.38) of a slice.

    Parameters
    ----------
    hu : (rows, columns), HU.
    strength : width of the filter in noise standard deviations: 0.6 is mild, above 1 looks
        like plastic. A slice without soft tissue has the median of its local deviations as noise.

    Returns
    -------
    float32, (rows, columns), HU; air and bone stay as they are.
    """
    noise = global_noise_level(hu, (spacing_mm, spacing_mm))
    if noise is None:
        noise = float(np.median(noise_map(hu, (spacing_mm, spacing_mm))))
    inner = np.clip(hu, *_BODY_HU).astype(np.float32)
    smooth = denoise_nl_means(
        inner, patch_size=5, patch_distance=6, h=strength * noise, sigma=noise, fast_mode=True
    )
    return np.where(inner == hu, smooth, hu).astype(np.float32)
