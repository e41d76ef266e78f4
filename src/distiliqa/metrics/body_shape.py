"""Shape of the body in a slice: size, thickness, parts and contrast, from coarse blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.body_blocks import BODY_HU, BodyBlocks, body_blocks, grown, spanned
from distiliqa.metrics.body_tissue import BodyTissue, body_tissue
from distiliqa.metrics.filters import box_all, box_mean, percentile

THICK = 5  # blocks, 4 cm in a field of view of 50 cm: tables are thinner, bodies thicker
_SKIN = 3  # blocks at the edge of a body that are not its inside
_MIN_INSIDE = 20  # blocks, for a contrast
_PART = 0.7  # of the greatest thickness: two legs are alike, arms are thinner than a trunk


@dataclass(frozen=True)
class BodyShape:
    """The shape of the body in a slice.

    Attributes
    ----------
    diameter_mm : float or None
        Water-equivalent diameter, mm, see `water_equivalent_diameter`; None where the pixel spacing
        is not known.
    cleft : float
        Drop of the thickness of the body between two parts of similar thickness, from left to
        right, relative to the thinner part. 0 for one round part, about 0.5 for lungs beside the
        heart, 1 for two legs with air between them.
    contrast_hu : float or None
        Difference of the 90th and the 10th percentile of means over 2 x 2 blocks inside the body,
        HU. About 90 or more in a trunk, with fat, organs, gas and bone; low in brain; nearly 0 in
        a phantom of water. None for too few blocks.
    thick : bool
        Whether a square of 5 x 5 blocks is as dense as fat or denser everywhere. The shorter side
        of the slice has 64 blocks. Tables are thinner.
    tissue : BodyTissue or None
        What the body is made of; None where no body is seen.
    """

    diameter_mm: float | None
    cleft: float
    contrast_hu: float | None
    thick: bool
    tissue: BodyTissue | None = None


def body_shape(
    hu: NDArray[np.floating], spacing_mm: tuple[float, float] | None = None
) -> BodyShape:
    """Measure the body in a slice.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.
    spacing_mm : tuple[float, float], optional
        Pixel spacing (between rows, between columns), mm; None where it is not known.

    Returns
    -------
    BodyShape
        Size, parts and contrast of the body.
    """
    return shape_of_blocks(body_blocks(hu), spacing_mm)


def shape_of_blocks(blocks: BodyBlocks, spacing_mm: tuple[float, float] | None) -> BodyShape:
    """Shape of the body in a slice, as `body_shape`, from its blocks."""
    means, size = blocks
    body = _body(means)
    water = _water(means, body)
    return BodyShape(
        diameter_mm=None if spacing_mm is None else _diameter(water, size, spacing_mm),
        cleft=_cleft(water.sum(axis=0)),
        contrast_hu=_contrast(means, body),
        thick=bool(box_all(means > BODY_HU, THICK).any()),
        tissue=body_tissue(means),
    )


def water_equivalent_diameter(hu: NDArray[np.floating], spacing_mm: tuple[float, float]) -> float:
    """Diameter of the cylinder of water that attenuates as much as the body in a slice, mm.

    The measure of patient size of AAPM Report 220 (2014). The body is not outlined: it is all that
    is between blocks as dense as fat along both axes. A thin table adds little. A body that the
    field of view cuts is larger than measured.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.
    spacing_mm : tuple[float, float]
        Pixel spacing (between rows, between columns), mm.

    Returns
    -------
    float
        mm; 0 without a body. Good to a percent for bodies of 10 cm or more.
    """
    means, size = body_blocks(hu)
    return _diameter(_water(means, _body(means)), size, spacing_mm)


def _body(means: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Blocks that hold part of the body; the outermost hold its edge."""
    dense = means > BODY_HU
    return grown(spanned(dense))


def _water(means: NDArray[np.floating], body: NDArray[np.bool_]) -> NDArray[np.floating]:
    """Attenuation of blocks of the body relative to water, 0 outside it."""
    return np.where(body, means / 1000.0 + 1.0, 0.0)


def _diameter(water: NDArray[np.floating], size: int, spacing_mm: tuple[float, float]) -> float:
    area = float(water.sum()) * size * spacing_mm[0] * size * spacing_mm[1]
    return float(2.0 * np.sqrt(area / np.pi))


def _cleft(thickness: NDArray[np.floating]) -> float:
    smooth = np.convolve(thickness, np.ones(3) / 3, mode="same")
    left = np.maximum.accumulate(smooth)
    right = np.maximum.accumulate(smooth[::-1])[::-1]
    thinner = np.minimum(left, right)
    between = (thinner >= _PART * smooth.max()) & (thinner > 0)
    return float(np.max(1.0 - smooth[between] / thinner[between], initial=0.0))


def _contrast(means: NDArray[np.floating], body: NDArray[np.bool_]) -> float | None:
    inside = box_all(body, 2 * _SKIN + 2)
    rows, columns = inside.shape
    smooth = box_mean(means, 2)  # halves the noise, and keeps layers of fat apart
    found = smooth[_SKIN : _SKIN + rows, _SKIN : _SKIN + columns][inside]
    if found.size < _MIN_INSIDE:
        return None
    return percentile(found, 90) - percentile(found, 10)
