"""The quality label of a dose: how similar its image is to the full dose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.ssim import ssim

FULL_DOSE_SCORE = 1.0


def similarity_label(image: NDArray[np.number], full: NDArray[np.number]) -> float:
    """Structural similarity of ``image`` to the full-dose slice, as a reader sees both.

    SSIM in the 350 / 40 window over uniform windows of 7 x 7 pixels, as `distiliqa.metrics.ssim`
    says: the label of the chest set of DistilIQA (doi 10.1016/j.compbiomed.2024.108670).

    Parameters
    ----------
    image, full : (rows, columns), HU, at least 7 x 7.

    Returns
    -------
    Score in [-1, 1]; 1 where the images are equal in the window.
    """
    return ssim(image, full)
