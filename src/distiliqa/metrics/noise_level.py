"""How much noise a slice has, measured in the slice itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import box_all, box_mean
from distiliqa.metrics.noise_map import box_size, sample_factor
from distiliqa.metrics.soft_tissue import SOFT_TISSUE_HU

_MIDDLE_HU = 50.0
_BINS = 100
_FEWEST_BOXES = 100
_STRIP = 128  # rows that are measured at a time: what fits the cache takes half as long


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
    image : ndarray
        (rows, columns), HU.
    spacing_mm : tuple[float, float], optional
        Pixel spacing (between rows, between columns), mm; None where it is not known.
    tissue : ndarray, optional
        The slice that tells where soft tissue is, if ``image`` (pure noise, say) does not.

    Returns
    -------
    float or None
        Noise in HU, lower is better; None for a slice with fewer than 100 boxes of nothing but soft
        tissue, or smaller than a few boxes.
    """
    size = box_size(spacing_mm)
    if min(image.shape) < 3 * size:
        return None
    margin = 2 * (size - 1)
    strips = [slice(top, top + _STRIP + margin) for top in range(0, len(image) - margin, _STRIP)]
    deviations = np.concatenate(
        [
            _deviations(image[rows], None if tissue is None else tissue[rows], size)
            for rows in strips
        ]
    )
    return _mode(deviations) if deviations.size >= _FEWEST_BOXES else None


def _deviations(
    image: NDArray[np.number], tissue: NDArray[np.number] | None, size: int
) -> NDArray[np.floating]:
    """Standard deviations of the boxes that hold nothing but soft tissue.

    That is `noise_map` where `soft_tissue_boxes` are, but for boxes inside the image alone, and
    ten times as fast: in float32, with the means taken once.
    """
    values = image.astype(np.float32) - np.float32(_MIDDLE_HU)  # small values have exact squares
    means = box_mean(values, size)
    smooth = means + _MIDDLE_HU if tissue is None else box_mean(tissue.astype(np.float32), size)
    soft = (smooth > SOFT_TISSUE_HU[0]) & (smooth < SOFT_TISSUE_HU[1])
    boxes = box_all(soft, size)
    if not boxes.any():
        return np.empty(0, np.float32)
    inner = _inner(values, size)
    with np.errstate(over="ignore", invalid="ignore"):  # outside these boxes may be anything
        squares = box_mean(inner * inner, size)[boxes]
    variances = squares - _inner(means, size)[boxes] ** 2
    return np.sqrt(np.maximum(variances, 0) * sample_factor(size))


def _inner(values: NDArray[np.floating], size: int) -> NDArray[np.floating]:
    """The centers of the boxes that lie inside."""
    rows, columns = values.shape
    before, after = size // 2, size - 1 - size // 2
    return values[before : rows - after, before : columns - after]


def _mode(deviations: NDArray[np.floating]) -> float:
    """Where the smoothed histogram of the lower 95 % is highest; edges make up the rest."""
    highest = float(np.percentile(deviations, 95))
    if highest == 0:
        return 0.0
    bins = (deviations[deviations < highest] * (_BINS / highest)).astype(np.intp)
    counts = np.bincount(bins, minlength=_BINS)
    mode = int(np.argmax(np.convolve(counts, np.hanning(11), mode="same")))
    return (mode + 0.5) * highest / _BINS
