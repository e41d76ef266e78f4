"""Visual information fidelity."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import SOFT_TISSUE, Window
from distiliqa.metrics.filters import gaussian_mean
from distiliqa.metrics.pair import counted, seen_through

MIN_SIDE = 41  # the coarsest scale of a smaller image has no whole window
_SIZES = (17, 9, 5, 3)  # window of each scale, pixels; the Gaussian has a fifth of it as sigma
_VISUAL_NOISE = 2 / 255**2  # variance; the authors chose 2 for values up to 255
_FLAT = 1e-10 / 255**2  # variance below which there is no signal


def vif(
    image: NDArray[np.number],
    reference: NDArray[np.number],
    window: Window = SOFT_TISSUE,
    mask: NDArray[np.bool_] | None = None,
) -> float | None:
    """Visual information fidelity (Sheikh & Bovik 2006, doi 10.1109/TIP.2005.859378).

    The pixel-domain form, VIFp: four scales by Gaussian windows of 17, 9, 5 and 3 pixels instead of
    a wavelet transform, with the parameters of the authors' published program.

    Parameters
    ----------
    image, reference : ndarray
        (rows, columns), HU, at least 41 x 41.
    window : Window
        What a reader sees; values beyond it are clipped.
    mask : ndarray of bool, optional
        (rows, columns), the pixels whose windows count, such as the body; all if None.

    Returns
    -------
    float or None
        The part of the reference's information that the image keeps: 0 or more, higher is better, 1
        where the images are equal in the window, above 1 for more contrast. None where the
        reference is flat in the window: there is nothing to keep.

    Raises
    ------
    ValueError
        Images of different shapes, smaller than 41 x 41 or with NaN or infinity, or a mask of
        numbers or one without a pixel whose window of 17 pixels lies inside the image.
    """
    seen, pristine = seen_through(window, image, reference, mask)
    if min(seen.shape) < MIN_SIDE:
        raise ValueError(f"shape {seen.shape}; VIF needs {MIN_SIDE} x {MIN_SIDE} pixels")
    chosen = np.ones(seen.shape, np.bool_) if mask is None else mask
    kept = present = 0.0
    for size in _SIZES:
        if size < _SIZES[0]:
            seen, pristine, chosen = (
                gaussian_mean(seen, size, size / 5)[::2, ::2],
                gaussian_mean(pristine, size, size / 5)[::2, ::2],
                _inside(chosen, size)[::2, ::2],
            )
        of_image, of_reference = _information(seen, pristine, size)
        where = _inside(chosen, size)
        if size == _SIZES[0]:  # coarser scales may miss what is left of a thin mask
            counted(of_reference, where)
        kept += float(of_image[where].sum())
        present += float(of_reference[where].sum())
    return kept / present if present > 0 else None


def _inside(values: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """The pixels whose window lies inside the image."""
    half = size // 2
    return values[half:-half, half:-half]


def _information(
    seen: NDArray[np.float64], pristine: NDArray[np.float64], size: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Information that image and reference hold in each window, in nats.

    The image is modeled as gain * reference + noise in each window.
    """

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return gaussian_mean(values, size, size / 5)

    mean_seen, mean_pristine = mean(seen), mean(pristine)
    variance = np.maximum(mean(seen**2) - mean_seen**2, 0)
    signal = np.maximum(mean(pristine**2) - mean_pristine**2, 0)
    covariance = mean(seen * pristine) - mean_seen * mean_pristine
    signal[signal < _FLAT] = 0
    # An inverted or flat window keeps nothing: all of its variance is noise.
    related = (covariance > 0) & (signal > 0) & (variance >= _FLAT)
    gain = np.divide(covariance, signal + _FLAT, out=np.zeros_like(signal), where=related)
    noise = np.maximum(variance - gain * covariance, _FLAT)
    return (
        np.log1p(gain**2 * signal / (noise + _VISUAL_NOISE)),
        np.log1p(signal / _VISUAL_NOISE),
    )
