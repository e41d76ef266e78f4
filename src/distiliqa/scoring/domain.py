"""Whether a slice is like what a model was trained on, and what to tell of one that is not."""

from __future__ import annotations

from distiliqa.metrics.body_shape import BodyShape
from distiliqa.model_folder import Domain

OUTSIDE = "outside what the model was trained on: read with care"
SMALLER = "a smaller body than the model was trained on: read with care"
PARTED = "a body in two parts, unlike what the model was trained on: read with care"
UNIFORM = "a body as uniform as a phantom, unlike what the model was trained on: read with care"
VARIED = "a body of more contrast than tissue and air have: check that these are HU"


def judged(domain: Domain, distance: float, shape: BodyShape) -> tuple[float, tuple[str, ...]]:
    """The distance of a slice, and what a reader of its score should know of it.

    The network sees texture and layout; limbs have the texture of a trunk, and noise alike covers
    trunk and phantom, so that a body that is too small, in parts or too uniform is told by its
    shape, and so is one in numbers that are not HU, as MR may be. Such a slice has at least the
    ratio of the shape to its limit as its distance.

    Parameters
    ----------
    distance : what the network gives for the slice.
    """
    ratios = {OUTSIDE: distance, PARTED: shape.cleft / domain.deepest_cleft}
    if domain.smallest_mm is not None and shape.diameter_mm:
        ratios[SMALLER] = domain.smallest_mm / shape.diameter_mm
    if shape.contrast_hu:
        ratios[UNIFORM] = domain.least_contrast_hu / shape.contrast_hu
        if domain.most_contrast_hu is not None:
            ratios[VARIED] = shape.contrast_hu / domain.most_contrast_hu
    told = tuple(sentence for sentence, ratio in ratios.items() if ratio > 1)
    return max([distance, *(ratios[sentence] for sentence in told)]), told
