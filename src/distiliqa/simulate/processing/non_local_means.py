"""Non-local means, the denoiser of ``simulate --smoothing``."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from skimage.restoration import denoise_nl_means
from torch import Tensor

from distiliqa.simulate.processing.preparation import (
    Image,
    Preparation,
    Process,
    noise_hu,
    within_body,
)

NO_NOISE = 1.0  # strength that removes the noise and keeps the anatomy
_WEAKEST = 0.4  # a narrower filter takes away as much noise: below it the result is blended in


def prepared_non_local_means(given: Preparation) -> Process:
    """`non_local_means` with the noise level of the prepared slice."""
    noise, strength = given.noise_hu, max(given.strength, _WEAKEST)
    share = np.float32(min(1.0, given.strength / _WEAKEST))

    def blended(inner: Image) -> Image:
        return share * non_local_means(inner, noise, strength) + (1 - share) * inner

    return lambda hu: within_body(hu, blended)


def non_local_means(hu: Image, noise: float, strength: float) -> Image:
    """Non-local means (Buades et al. 2005, doi 10.1109/CVPR.2005.38), (rows, columns), HU.

    Parameters
    ----------
    noise : level, HU. strength : width of the filter in noise levels.
    """
    return denoise_nl_means(
        hu, patch_size=5, patch_distance=6, h=strength * noise, sigma=noise, fast_mode=True
    )


def denoised(hu: Tensor, spacing_mm: float, strength: float) -> Tensor:
    """`smoothed` for slices on any device, (n, rows, columns), HU."""
    slices = [smoothed(slice_, spacing_mm, strength) for slice_ in hu.cpu().numpy()]
    return torch.from_numpy(np.stack(slices)).to(hu)


def smoothed(hu: NDArray[np.floating], spacing_mm: float, strength: float) -> NDArray[np.float32]:
    """Denoise a slice by non-local means.

    Parameters
    ----------
    hu : (rows, columns), HU.
    strength : width of the filter in noise levels: 0.6 is mild, above 1 looks like plastic.

    Returns
    -------
    float32, (rows, columns), HU; air and bone stay as they are.
    """
    noise = noise_hu(hu, spacing_mm)
    return within_body(hu, lambda inner: non_local_means(inner, noise, strength))
