"""Whether a slice is like what a model was trained on, and what to tell of one that is not."""

from __future__ import annotations

from collections.abc import Iterator

from distiliqa.ct import CTSlice
from distiliqa.metrics.body_shape import BodyShape
from distiliqa.models.folder import Domain, ModelConfig

OUTSIDE = "outside what the model was trained on: read with care"
SMALLER = "a smaller body than the model was trained on: read with care"
PARTED = "a body in two parts, unlike what the model was trained on: read with care"
UNIFORM = "a body as uniform as a phantom, unlike what the model was trained on: read with care"
# Of the matrix that the model takes. Every second pixel of 18 slices of 18 patients moved their
# scores by up to 1.1 of 4 points, three of four by up to 0.3; twice the pixels by up to 2.2.
MIN_MATRIX, MAX_MATRIX = 0.75, 1.25
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


def unlike_training(ct: CTSlice, config: ModelConfig) -> Iterator[str]:
    """Yield what makes a slice unlike what the model was trained on, before it is looked at.

    That is what its header says that it shows, and how finely it is sampled: the noise of pixels
    of another size is another, and a larger matrix is cropped to its middle. The network does not
    see either in each slice.
    """
    if config.regions is not None and ct.regions and not set(ct.regions) & set(config.regions):
        said, trained = " and ".join(ct.regions), " and ".join(config.regions)
        yield f"the header says {said}, and the model was trained on {trained}: read with care"
    if config.domain is not None:
        yield from _sampling(ct, config.image_size, config.domain)


def _sampling(ct: CTSlice, size: int, domain: Domain) -> Iterator[str]:
    rows, columns = ct.hu.shape
    if min(rows, columns) < MIN_MATRIX * size or max(rows, columns) > MAX_MATRIX * size:
        yield (
            f"a matrix of {rows} x {columns}, and the model was trained on {size} x {size}: "
            "sampling alone changes the score"
        )
        return
    for pixel in ct.spacing_mm or ():
        fine = domain.min_pixel_mm is not None and pixel < domain.min_pixel_mm
        coarse = domain.max_pixel_mm is not None and pixel > domain.max_pixel_mm
        if fine or coarse:
            yield (
                f"pixels of {pixel:.3g} mm are unlike those that the model was trained on: "
                "sampling alone changes the score"
            )
            return
