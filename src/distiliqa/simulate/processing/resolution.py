"""Changes of spatial resolution: blur, larger pixels, thick slices, and sharpening."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image as Picture
from scipy.ndimage import gaussian_filter

from distiliqa.simulate.processing.preparation import Image, Preparation, Process
from distiliqa.simulate.processing.thick_slice import slab_weights

_SIGMAS = math.sqrt(8 * math.log(2))  # standard deviations in a full width at half maximum
_DETAIL_MM = 1.0  # standard deviation of the unsharp mask


def gaussian_blur(given: Preparation) -> Process:
    """Gaussian filter; ``strength`` is its full width at half maximum, mm."""
    deviation = given.pixels(given.strength / _SIGMAS)
    return lambda hu: gaussian_filter(hu, deviation)


def sharpening(given: Preparation) -> Process:
    """Unsharp mask; ``strength`` is the factor on what a Gaussian of 1 mm takes away."""
    deviation, gain = given.pixels(_DETAIL_MM), np.float32(given.strength)
    return lambda hu: hu + gain * (hu - gaussian_filter(hu, deviation))


def downsampling(given: Preparation) -> Process:
    """Means over pixels ``strength`` times as large, interpolated linearly."""

    def resampled(hu: Image) -> Image:
        rows, columns = hu.shape
        few = [max(1, round(side / given.strength)) for side in (columns, rows)]
        small = Picture.fromarray(hu).resize((few[0], few[1]), Picture.Resampling.BOX)
        return np.asarray(small.resize((columns, rows), Picture.Resampling.BILINEAR))

    return resampled


def thick_slice(given: Preparation) -> Process:
    """Mean over a slab of ``strength`` mm; the neighbors in it stay those of the preparation."""
    if given.neighbors is None:
        raise ValueError("thick_slice needs the adjacent slices of the series")
    own, *others = slab_weights(given.neighbors, given.strength).astype(np.float32)
    rest = np.tensordot(np.asarray(others), given.neighbors.hu, axes=1).astype(np.float32)
    return lambda hu: own * hu + rest
