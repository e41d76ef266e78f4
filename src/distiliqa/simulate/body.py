"""Where the patient is in a slice, and how much of the patient is lung."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, binary_opening, gaussian_filter, label

_BODY_HU = -480.0  # midway from air to tissue, where blur leaves the skin in its place
_LUNG_HU = -500.0
_BLUR = 2.0  # pixels; keeps the noise of a low dose from tearing the outline
_THIN = 3  # pixels off each side, which parts the body from the table it lies on


def body_outline(hu: NDArray[np.floating]) -> NDArray[np.bool_]:
    """The pixels inside the outline of the largest connected part that is not air.

    Lungs and bowel gas are inside, table and clothes are not.

    Parameters
    ----------
    hu : (rows, columns), HU.

    Returns
    -------
    (rows, columns); nowhere true where there is no such part.
    """
    solid = binary_opening(gaussian_filter(hu, _BLUR) > _BODY_HU, iterations=_THIN)
    parts, count = label(solid)
    if not count:
        return np.zeros(hu.shape, bool)
    largest = 1 + np.argmax(np.bincount(parts.ravel())[1:])
    return binary_fill_holes(parts == largest)


def lung_share(hu: NDArray[np.floating]) -> float:
    """Share of the pixels inside the body outline below -500 HU, in [0, 1]; 0 without a body."""
    inside = gaussian_filter(hu, _BLUR)[body_outline(hu)]
    return float((inside < _LUNG_HU).mean()) if inside.size else 0.0
