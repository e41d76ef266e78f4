"""Labels of simulated images: full-reference metrics on the scale of readers, 0 to 4.

The metrics compare an image with the slice without its noise, in the body and through the window.
The distribution of ratings alone puts their values on the scale. The images of the LDCTIQAC2023
challenge are abdominal slices at four levels of noise and a few numbers of views. Simulated images
of that kind, in the order of the metric, get the mean ratings of the 1000 training images. Few
views of a slice bring streaks and no more noise there. The doses and views are an assumption: they
were chosen among several, with the ratings of four test images known.

0 features not shown, 1 interpretation impossible, 2 limited, 3 diagnostic, 4 excellent
(Lee et al. 2025, doi 10.1016/j.media.2024.103343).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from distiliqa.ct.window import SOFT_TISSUE
from distiliqa.metrics.psnr import psnr
from distiliqa.metrics.vif import vif
from distiliqa.simulate.patient import body_outline
from distiliqa.simulate.processing.non_local_means import NO_NOISE, smoothed

SCALE = (0.0, 4.0)
# Images of the training set of LDCTIQAC2023 (Zenodo 7833096) at each mean rating.
RATINGS = np.linspace(*SCALE, 21)
COUNTS = (25, 19, 22, 42, 48, 56, 51, 65, 65, 74, 53, 56, 60, 62, 42, 65, 35, 42, 31, 51, 36)
# Readers rate streaks about one point lower than noise of the same standard deviation. With this
# weight the metrics do so too. It and the values of each metric below come from
# `tools/make_model/calibrate_reader_scale.py`. Shading, which is smooth, has the weight 1.
STREAK_WEIGHT = 3.0
_SHADING_MM = 12.0  # standard deviation of the Gaussian that keeps it
# fmt: off
VIF = (
    0.075, 0.083, 0.086, 0.094, 0.101, 0.115, 0.143, 0.164, 0.186, 0.207, 0.226,
    0.250, 0.276, 0.303, 0.331, 0.375, 0.402, 0.434, 0.483, 0.549, 0.641,
)
PSNR = (
    8.076, 8.219, 8.575, 8.953, 10.378, 10.777, 11.286, 11.914, 12.928, 14.177, 15.779,
    16.454, 16.990, 17.804, 19.254, 20.855, 23.044, 23.782, 25.937, 27.204, 30.408,
)
# fmt: on


class Fidelity(NamedTuple):
    """Full-reference metrics of an image; higher is better.

    Attributes
    ----------
    vif : visual information fidelity in the body.
    psnr : peak signal-to-noise ratio in its soft tissue, dB.
    """

    vif: float
    psnr: float


def fidelity(
    hu: NDArray[np.floating],
    noise: NDArray[np.floating],
    structure: NDArray[np.floating],
    spacing_mm: float,
    *,
    covered: NDArray[np.bool_] | None = None,
    streak_weight: float = STREAK_WEIGHT,
) -> Fidelity | None:
    """Compare an image that has these faults with the slice that it was made of.

    The faults are added to the slice without its noise, because ``noise`` holds that already.

    Parameters
    ----------
    hu : (rows, columns), HU, at least 41 x 41: the slice before it was degraded.
    noise, structure : its faults, HU, see `distiliqa.simulate.simulator.Degraded`.
    covered : the pixels that are rated, (rows, columns); all when None. Readers do not rate what
        the detector does not cover.
    streak_weight : factor on the structure, as far as it is not smooth.

    Returns
    -------
    None for a slice without soft tissue.
    """
    clean = smoothed(hu, spacing_mm, NO_NOISE)
    rated = np.ones(hu.shape, dtype=bool) if covered is None else covered
    inside = body_outline(hu) & rated
    tissue = inside & (clean > SOFT_TISSUE.lower) & (clean < SOFT_TISSUE.upper)
    shading = _shading(structure, rated, _SHADING_MM / spacing_mm)
    image = clean + noise + shading + streak_weight * (structure - shading)
    kept = vif(image, clean, mask=inside) if tissue.any() else None
    return None if kept is None else Fidelity(kept, psnr(image, clean, mask=tissue))


def _shading(
    structure: NDArray[np.floating], rated: NDArray[np.bool_], deviation: float
) -> NDArray[np.floating]:
    """Smooth part of the structure, from the rated pixels alone."""
    share = gaussian_filter(rated.astype(np.float64), deviation)
    known = gaussian_filter(np.where(rated, structure, 0.0), deviation)
    return np.where(rated, known / np.where(rated, share, 1.0), structure)


def reader_score(found: Fidelity) -> float:
    """Mean rating that readers give to images of this fidelity, 0 to 4."""
    ratings = (np.interp(found.vif, VIF, RATINGS), np.interp(found.psnr, PSNR, RATINGS))
    return float(np.mean(ratings))
