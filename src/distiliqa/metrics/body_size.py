"""Size and place of a patient in a slice, and the share of the body that the field of view cuts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.body_blocks import grown
from distiliqa.metrics.body_outline import SKIN_HU, BodyOutline
from distiliqa.metrics.slice_parts import NotMeasurable, SliceParts

MAX_TRUNCATED = 0.35  # share of the contour
_AT_EDGE = 2.0  # pixels from the edge of the field of view
_CUT = 1.15  # doi 10.1093/rpd/ncw326
_STAIRS = np.pi / 4  # from the sides of blocks to a smooth contour


@dataclass(frozen=True)
class BodySize:
    """Size and place of the body in a slice.

    Attributes
    ----------
    diameter_mm : float or None
        Water-equivalent diameter, mm, corrected where the field of view cuts the body.
    truncated_share : float or None
        Share of the contour of the body that lies on the edge of the field of view, 0 to 1.
    center_mm : tuple[float, float] or None
        Centroid of the body from the middle of the image, (down, right), mm.
    reason : str or None
        Why there is no diameter; None where there is one.
    """

    diameter_mm: float | None = None
    truncated_share: float | None = None
    center_mm: tuple[float, float] | None = None
    reason: str | None = None


def body_size(
    hu: NDArray[np.floating],
    spacing_mm: tuple[float, float] | None,
    *,
    parts: SliceParts | None = None,
) -> BodySize:
    """Measure the size of the body in a slice.

    The water-equivalent diameter of AAPM Report 220 (2014), 2 sqrt((mean HU / 1000 + 1) A / pi), of
    all parts that are thicker than a table, with lungs and gas. Where a share T of the contour lies
    on the edge of the field of view it is multiplied by exp(1.15 T^3), found for the chest
    (doi 10.1093/rpd/ncw326).

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.
    spacing_mm : tuple[float, float] or None
        Pixel spacing (between rows, between columns), mm.
    parts : SliceParts, optional
        What measures of this slice share, for speed; computed if None.

    Returns
    -------
    BodySize
        Without a diameter and with a reason where more than 35 % of the contour is cut, no body is
        seen, the values are shifted, or the pixel spacing is unknown or not of CT.
    """
    parts = parts or SliceParts(hu, spacing_mm)
    try:
        return _size(parts.outline, parts.spacing)
    except NotMeasurable as reason:
        return BodySize(reason=str(reason))


def _size(outline: BodyOutline, spacing_mm: tuple[float, float]) -> BodySize:
    down, across = (outline.side * pixel for pixel in spacing_mm)
    water = np.where(grown(outline.parts), outline.means / 1000.0 + 1.0, 0.0)
    diameter = 2.0 * np.sqrt(float(water.sum()) * down * across / np.pi)
    share, center = _truncated_share(outline, spacing_mm), _center_mm(outline, spacing_mm)
    if share > MAX_TRUNCATED:
        percent = f"{100 * MAX_TRUNCATED:.0f} %"
        reason = f"more than {percent} of the contour lies on the edge of the field of view"
        return BodySize(truncated_share=share, center_mm=center, reason=reason)
    return BodySize(float(diameter * np.exp(_CUT * share**3)), share, center)


def _center_mm(outline: BodyOutline, spacing_mm: tuple[float, float]) -> tuple[float, float]:
    """Centroid of the largest part from the middle of the image, (down, right), mm."""
    down, right = (
        float((places.mean() + 0.5) * outline.side - length / 2) * pixel
        for places, length, pixel in zip(
            np.nonzero(outline.body), outline.hu.shape, spacing_mm, strict=True
        )
    )
    return down, right


def _truncated_share(outline: BodyOutline, spacing_mm: tuple[float, float]) -> float:
    rows, columns, steps = _edge(outline.hu.shape, outline.is_round)
    body = grown(outline.parts)
    down = np.minimum(rows // outline.side, body.shape[0] - 1)
    right = np.minimum(columns // outline.side, body.shape[1] - 1)
    inside = (outline.hu[rows, columns] > SKIN_HU) & body[down, right]
    if not inside.any():
        return 0.0
    cut = float(np.hypot(steps[0] * spacing_mm[0], steps[1] * spacing_mm[1])[inside].sum())
    return cut / (cut + _free_mm(outline, spacing_mm))


def _free_mm(outline: BodyOutline, spacing_mm: tuple[float, float]) -> float:
    """Length of the contour within the field of view, mm."""
    rows, columns = outline.parts.shape
    middle = (np.arange(rows) * outline.side + outline.side // 2)[:, np.newaxis]
    across = np.arange(columns) * outline.side + outline.side // 2
    free = outline.room[middle, across] > outline.side
    changes_down = (outline.parts[1:] != outline.parts[:-1]) & free[1:] & free[:-1]
    changes_across = (outline.parts[:, 1:] != outline.parts[:, :-1]) & free[:, 1:] & free[:, :-1]
    sides = np.count_nonzero(changes_down) * spacing_mm[1]
    sides += np.count_nonzero(changes_across) * spacing_mm[0]
    return float(sides * outline.side * _STAIRS)


@lru_cache(maxsize=4)
def _edge(
    shape: tuple[int, int], is_round: bool
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Pixels along the edge of the field of view: rows, columns, steps along both, pixels."""
    height, width = shape
    if is_round:
        radius = min(shape) / 2 - _AT_EDGE
        angles = np.arange(0, 2 * np.pi, 1 / radius)
        down, right = radius * np.sin(angles), radius * np.cos(angles)
        rows = np.round((height - 1) / 2 + down).astype(np.intp)
        columns = np.round((width - 1) / 2 + right).astype(np.intp)
        return rows, columns, np.stack([right, down]) / radius
    down, right = np.arange(height), np.arange(width)
    rows = np.concatenate([0 * right, 0 * right + height - 1, down, down])
    columns = np.concatenate([right, right, 0 * down, 0 * down + width - 1])
    is_side = np.repeat([False, True], [2 * width, 2 * height])
    return rows, columns, np.stack([is_side, ~is_side]).astype(np.float64)
