"""The quality label of a dose: how similar its image is to the full dose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

from distiliqa.ct.window import SOFT_TISSUE

FULL_DOSE_SCORE = 1.0


def similarity_label(image: NDArray[np.number], full: NDArray[np.number]) -> float:
    """Structural similarity of ``image`` to the full-dose slice, as a reader sees both.

    Both pass the 350 / 40 window; then SSIM (Wang et al. 2004, doi 10.1109/TIP.2003.819861) with
    the defaults of scikit-image: 7 x 7 uniform window, sample covariance, data range 1. This is the
    label of the chest set of DistilIQA (doi 10.1016/j.compbiomed.2024.108670).

    Parameters
    ----------
    image, full : (rows, columns), HU, at least 7 x 7.

    Returns
    -------
    Score in [-1, 1]; 1 where the images are equal in the window.
    """
    seen = SOFT_TISSUE.apply(image.astype(np.float64))
    pristine = SOFT_TISSUE.apply(full.astype(np.float64))
    return float(structural_similarity(pristine, seen, data_range=1.0))
