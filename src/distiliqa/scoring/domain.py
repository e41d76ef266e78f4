"""Check whether a slice is in the domain that a model was trained on, and warn if it is not."""

from __future__ import annotations

from collections.abc import Iterator

from distiliqa.ct import CTSlice
from distiliqa.metrics.body_shape import BodyShape
from distiliqa.metrics.body_tissue import BodyTissue
from distiliqa.models.config import Domain, ModelConfig, TissueLimits

OUT_OF_DOMAIN = "out of domain, unlike what the model was trained on: read with care"
SMALL_BODY = "a smaller body than the model was trained on: read with care"
SPLIT_BODY = "a body in two parts, unlike what the model was trained on: read with care"
UNIFORM_BODY = (
    "a body as uniform as a phantom, unlike what the model was trained on: read with care"
)
ROUND_BODY = "a body as round as a phantom, unlike what the model was trained on: read with care"
NARROW_BODY = (
    "a body that is not wider than high, as a head or a turned image: "
    "unlike what the model was trained on, read with care"
)
BONY_BODY = (
    "as much bone or such a ring of bone as in a head or a limb: "
    "unlike what the model was trained on, read with care"
)
BODY_WITHOUT_BONE = (
    "a body without bone, as a phantom: unlike what the model was trained on, read with care"
)
NO_AIR = "next to no air in the image: check that values are HU and that the whole body is shown"
MAX_RATIO = 10.0  # of a measure to its limit: a share of none is not infinitely far
# Of the matrix that the model takes. Every second pixel of 18 slices of 18 patients moved their
# scores by up to 1.1 of 4 points, three of four by up to 0.3; twice the pixels by up to 2.2.
MIN_MATRIX, MAX_MATRIX = 0.75, 1.25
HIGH_CONTRAST = "contrast exceeds that of tissue and air; check that values are HU"


def check_domain(
    domain: Domain, distance: float, shape: BodyShape
) -> tuple[float, tuple[str, ...]]:
    """Find the distance of a slice from the training images, and its warnings.

    The network sees texture and layout. Limbs have the texture of a trunk, and noise may cover
    trunk and phantom alike. So the shape of the body detects one that is too small, in parts or too
    uniform, what it is made of detects heads, limbs and phantoms whatever their size, and both
    detect numbers that are not HU, such as MR. The distance is then at least the ratio of what is
    measured to its limit.

    Parameters
    ----------
    distance : float
        Output of the network for the slice.
    """
    ratios = {OUT_OF_DOMAIN: distance, SPLIT_BODY: _above(shape.cleft, domain.deepest_cleft)}
    if domain.smallest_mm is not None and shape.diameter_mm:
        ratios[SMALL_BODY] = domain.smallest_mm / shape.diameter_mm
    if shape.contrast_hu:
        ratios[UNIFORM_BODY] = domain.least_contrast_hu / shape.contrast_hu
        if domain.most_contrast_hu is not None:
            ratios[HIGH_CONTRAST] = _above(shape.contrast_hu, domain.most_contrast_hu)
    if domain.tissue is not None and shape.tissue is not None:
        for sentence, ratio in _tissue_ratios(domain.tissue, shape.tissue):
            ratios[sentence] = max(ratio, ratios.get(sentence, 0.0))
    warnings = tuple(sentence for sentence, ratio in ratios.items() if ratio > 1)
    return max([distance, *(ratios[sentence] for sentence in warnings)]), warnings


def _tissue_ratios(limits: TissueLimits, tissue: BodyTissue) -> Iterator[tuple[str, float]]:
    """Yield how far each measure is beyond its limit, which is at 1."""
    yield NARROW_BODY, _below(tissue.aspect, limits.min_aspect)
    yield NO_AIR, _below(tissue.air, limits.min_air)
    yield BODY_WITHOUT_BONE, _below(tissue.bone, limits.min_bone)
    yield BONY_BODY, _above(tissue.bone, limits.max_bone)
    yield BONY_BODY, _above(tissue.ring, limits.max_ring)
    yield UNIFORM_BODY, _below(tissue.fat, limits.min_fat)
    yield UNIFORM_BODY, _above(tissue.soft, limits.max_soft)
    yield UNIFORM_BODY, _above(tissue.peak, limits.max_peak)
    yield ROUND_BODY, _above(tissue.roundness, limits.max_roundness)


def _below(value: float, limit: float) -> float:
    """How far a measure is below its limit; 0 where the limit is 0."""
    return limit / max(value, limit / MAX_RATIO) if limit > 0 else 0.0


def _above(value: float, limit: float) -> float:
    """How far a measure is above its limit.

    A limit of 0 comes from training images that had nothing of it.
    """
    if limit > 0:
        return value / limit
    return MAX_RATIO if value > 0 else 0.0


def unlike_training(ct: CTSlice, config: ModelConfig) -> Iterator[str]:
    """Yield a warning for each fact of a slice that is unlike the training images.

    The facts are the body region in its header, and its sampling: pixels of another size have other
    noise, and a larger matrix is cropped to its middle. The network does not detect them in every
    slice.
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
