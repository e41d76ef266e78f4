"""How much noise a slice has, measured in the slice itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import box_mean
from distiliqa.metrics.noise_map import box_size, sample_factor

SOFT_TISSUE_HU = (0.0, 100.0)
_BINS = 100
_FEWEST_BOXES = 100


def global_noise_level(
    image: NDArray[np.number],
    spacing_mm: tuple[float, float] | None = None,
    *,
    tissue: NDArray[np.number] | None = None,
) -> float | None:
    """Global noise level: the mode of the local standard deviation in soft tissue, HU.

    The mode, not the mean, because boxes with edges in them have larger deviations (Christianson
    et al., AJR 2015, doi 10.2214/AJR.14.13613). The boxes are those of `noise_map`.

    Parameters
    ----------
    image : (rows, columns), HU.
    spacing_mm : pixel spacing (between rows, between columns), mm; None where it is not known.
    tissue : the slice that tells where soft tissue is, if ``image`` (pure noise, say) does not.

    Returns
    -------
    Noise in HU, lower is better; None for a slice with fewer than 100 boxes of nothing but soft
    tissue, or smaller than a few boxes.
    """
    size = box_size(spacing_mm)
    if min(image.shape) < 3 * size:
        return None
    middle = sum(SOFT_TISSUE_HU) / 2
    values = image.astype(np.float32) - np.float32(middle)  # near 0 where it matters: exact squares
    means = box_mean(values, size)
    smooth = means + middle if tissue is None else box_mean(tissue.astype(np.float32), size)
    boxes = _soft_tissue_boxes(smooth, size)
    variances = box_mean(values * values, size)[boxes] - means[boxes] ** 2
    if variances.size < _FEWEST_BOXES:
        return None
    return _mode(np.sqrt(np.maximum(variances, 0) * sample_factor(size)))


def _soft_tissue_boxes(smooth: NDArray[np.floating], size: int) -> NDArray[np.bool_]:
    """Centers of the boxes that hold soft tissue only.

    The slice is smoothed before, so that noise does not decide which pixels count.
    """
    soft = (smooth > SOFT_TISSUE_HU[0]) & (smooth < SOFT_TISSUE_HU[1])
    return box_mean(soft.astype(np.float32), size) > 0.999


def _mode(deviations: NDArray[np.floating]) -> float:
    """Where the smoothed histogram of the lower 95 % is highest; edges make up the rest."""
    highest = float(np.percentile(deviations, 95))
    if highest == 0:
        return 0.0
    bins = (deviations[deviations < highest] * (_BINS / highest)).astype(np.intp)
    counts = np.bincount(bins, minlength=_BINS)
    mode = int(np.argmax(np.convolve(counts, np.hanning(11), mode="same")))
    return (mode + 0.5) * highest / _BINS
