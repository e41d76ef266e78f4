"""How much noise a slice has, measured in the slice itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

SOFT_TISSUE_HU = (0.0, 100.0)
_BOX_MM = 6.0
_SMALLEST_BOX = 7  # pixels: fewer would hide noise that is correlated over a few of them
_BINS = 100
_FEWEST_BOXES = 100


def global_noise_level(
    image: NDArray[np.floating],
    spacing_mm: tuple[float, float],
    *,
    tissue: NDArray[np.floating] | None = None,
) -> float | None:
    """Global noise level: the mode of the local standard deviation in soft tissue, HU.

    The mode, not the mean, because boxes with edges in them have larger deviations (Christianson
    et al., AJR 2015, doi 10.2214/AJR.14.13613).

    Parameters
    ----------
    image : (rows, columns), HU.
    spacing_mm : pixel spacing (between rows, between columns), mm.
    tissue : the slice that tells where soft tissue is, if ``image`` (pure noise, say) does not.

    Returns
    -------
    Noise in HU; None for a slice with fewer than 100 boxes of nothing but soft tissue.
    """
    values = image.astype(np.float64)
    size = max(_SMALLEST_BOX, round(_BOX_MM / spacing_mm[0]))
    variances = uniform_filter(values**2, size) - uniform_filter(values, size) ** 2
    boxes = _soft_tissue_boxes(image if tissue is None else tissue, size)
    deviations = np.sqrt(np.maximum(variances[boxes], 0) * size**2 / (size**2 - 1))
    if deviations.size < _FEWEST_BOXES:
        return None
    counts, edges = np.histogram(deviations, _BINS, range=(0, np.percentile(deviations, 95)))
    mode = int(np.argmax(np.convolve(counts, np.hanning(11), mode="same")))
    return float(edges[mode] + edges[mode + 1]) / 2


def _soft_tissue_boxes(hu: NDArray[np.floating], size: int) -> NDArray[np.bool_]:
    """Centers of the boxes that hold soft tissue only.

    The slice is smoothed first, so that noise does not decide which pixels count.
    """
    smooth = uniform_filter(hu.astype(np.float64), size)
    soft = (smooth > SOFT_TISSUE_HU[0]) & (smooth < SOFT_TISSUE_HU[1])
    return uniform_filter(soft.astype(np.float64), size) > 0.999
