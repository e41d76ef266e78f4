"""Denoisers that are fitted to no data: median, bilateral, total variation, wavelet.

Air and bone stay as they are, see `within_body`.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.ndimage import median_filter
from skimage.restoration import denoise_bilateral, denoise_tv_chambolle, denoise_wavelet

from distiliqa.simulate.processing.preparation import (
    BODY_HU,
    Image,
    Preparation,
    Process,
    within_body,
)

_NEAR_MM = 1.5  # standard deviation of the distances in the bilateral filter
_WAVELET = "sym4"


def median(given: Preparation) -> Process:
    """Median of a square; ``strength`` is its side in pixels, the next odd number."""
    side = 2 * math.floor(given.strength / 2) + 1
    return lambda hu: within_body(hu, lambda inner: median_filter(inner, side))


def bilateral(given: Preparation) -> Process:
    """Mean weighted by distance and difference (doi 10.1109/ICCV.1998.710815).

    ``strength`` is the standard deviation of the differences, in noise levels.
    """
    low, high = BODY_HU
    near, alike = given.pixels(_NEAR_MM), given.strength * given.noise_hu / (high - low)
    side = 2 * math.ceil(2 * near) + 1

    def filtered(inner: Image) -> Image:
        share = (inner - low) / (high - low)
        smooth = denoise_bilateral(share, win_size=side, sigma_color=alike, sigma_spatial=near)
        return low + (high - low) * smooth

    return lambda hu: within_body(hu, filtered)


def total_variation(given: Preparation) -> Process:
    """Least total variation near the image (doi 10.1023/B:JMIV.0000011325.36760.1e).

    ``strength`` is the weight of the variation, in noise levels.
    """
    weight = given.strength * given.noise_hu
    return lambda hu: within_body(hu, lambda inner: denoise_tv_chambolle(inner, weight))


def wavelet(given: Preparation) -> Process:
    """Wavelet coefficients reduced by the universal threshold (doi 10.1093/biomet/81.3.425).

    ``strength`` is the noise that the threshold is for, in noise levels.
    """
    noise = given.strength * given.noise_hu

    def shrunk(inner: Image) -> Image:
        return denoise_wavelet(
            inner, sigma=noise, wavelet=_WAVELET, method="VisuShrink", rescale_sigma=False
        ).astype(np.float32)

    return lambda hu: within_body(hu, shrunk)
