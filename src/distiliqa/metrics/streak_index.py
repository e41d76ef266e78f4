"""Streaks in air and soft tissue: fine detail that has one direction over a few centimeters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.body_outline import BodyOutline, field_room
from distiliqa.metrics.filters import median, part_means
from distiliqa.metrics.noise_boxes import CELL
from distiliqa.metrics.slice_parts import NotMeasurable, SliceParts

_PART_MM = 12.0  # side of the parts whose directions are compared
_MIN_SHARE = 0.4  # of a part that is tissue or air
_MIN_PAIRS = 12
_MAX_GRADIENT = 3.0  # times the median gradient: what is more is an edge
_SAMPLED = 4  # every fourth gradient counts for the median
_AT_EDGE = 4.0  # pixels


@dataclass(frozen=True)
class Streaks:
    """Streaks in one kind of surroundings.

    Attributes
    ----------
    index_hu : float or None
        Standard deviation of the detail that has one direction, HU; 0 for noise alike in all
        directions.
    share : float or None
        Share of the fine detail that has one direction, 0 to 1.
    direction_degrees : float or None
        Direction of the streaks, the mean over the slice, from 0, along the rows, to 180; 90 is
        along the columns.
    reason : str or None
        Why there is no value; None where there is one.
    """

    index_hu: float | None = None
    share: float | None = None
    direction_degrees: float | None = None
    reason: str | None = None


@dataclass(frozen=True)
class StreakIndex:
    """Streaks in a slice.

    Attributes
    ----------
    tissue : Streaks
        In soft tissue.
    air : Streaks
        In the air around the body.
    """

    tissue: Streaks
    air: Streaks


def streak_index(
    hu: NDArray[np.floating],
    spacing_mm: tuple[float, float] | None,
    *,
    parts: SliceParts | None = None,
) -> StreakIndex:
    """Measure streaks in a slice.

    Each part of 12 mm has a structure tensor, the mean of the products of the gradient. Its
    deviator has the direction and the strength of the detail. The product of the deviators of
    neighboring parts is 0 on average for noise and for edges of organs, whose directions do not
    agree, and positive for streaks, which go on. Gradients of more than three times the median are
    weighed down. Noise in oval bodies has a direction too, so compare scans of one kind.

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
    StreakIndex
        Without values and with a reason where there are few plain parts, no body is seen, the
        values are shifted or the pixels are unknown or not square.
    """
    parts = parts or SliceParts(hu, spacing_mm)
    try:
        outline, found = parts.outline, parts.boxes
    except NotMeasurable as reason:
        return StreakIndex(*(Streaks(reason=str(reason)),) * 2)
    terms = _tensors(outline.hu)
    side = max(4, round(_PART_MM / parts.pixel_mm / CELL))
    masks = found.centered(found.soft), _air(outline)
    return StreakIndex(*(_streaks(terms, mask, side) for mask in masks))


def _tensors(hu: NDArray[np.float32]) -> NDArray[np.float32]:
    """Structure tensor at the middle of each cell, (3, rows, columns): two terms and the trace.

    The terms are those of the deviator.
    """
    rows, columns = (length - 2 for length in hu.shape)
    inner_rows, inner_columns = slice(1, rows + 1, CELL), slice(1, columns + 1, CELL)
    down = hu[2::CELL, inner_columns] - hu[:rows:CELL, inner_columns]
    right = hu[inner_rows, 2::CELL] - hu[inner_rows, :columns:CELL]
    squared = down * down
    tensors = np.empty((3, *down.shape), np.float32)
    even, odd, total = tensors
    np.multiply(right, right, out=even)
    np.add(even, squared, out=total)
    even -= squared
    np.multiply(right, down, out=odd)
    odd *= 2
    return tensors


def _air(outline: BodyOutline) -> NDArray[np.bool_]:
    """Cells of the air around the body, away from the edge of the field of view."""
    rows, columns = (
        np.minimum(np.arange(1, length - 1, CELL) // outline.side, count - 1)
        for length, count in zip(outline.shape, outline.air.shape, strict=True)
    )
    return outline.air[rows][:, columns] & _inside(outline.shape, outline.is_round)


@lru_cache(maxsize=4)
def _inside(shape: tuple[int, int], is_round: bool) -> NDArray[np.bool_]:
    """Cells away from the edge of a field of view."""
    return field_room(shape, is_round)[1:-1:CELL, 1:-1:CELL] > _AT_EDGE


def _streaks(terms: NDArray[np.float32], mask: NDArray[np.bool_], side: int) -> Streaks:
    squared = terms[-1]
    inside = squared[mask][::_SAMPLED]
    limit = np.float32(median(inside) * _MAX_GRADIENT**2 if inside.size else 0.0)
    if not limit:
        return Streaks(reason="too few pixels, or pixels without noise")
    planes = np.empty((len(terms) + 1, *mask.shape), np.float32)
    planes[-1] = mask
    np.multiply(terms, mask * (limit / np.maximum(squared, limit)), out=planes[:-1])
    means = part_means(planes, side)
    share = means[-1]
    valid = share > _MIN_SHARE
    return _from_tensors(means[:-1] * valid / np.maximum(share, _MIN_SHARE), valid)


def _from_tensors(tensors: NDArray[np.floating], valid: NDArray[np.bool_]) -> Streaks:
    """Streaks from deviators and traces of the tensors of parts, 0 where they are not valid."""
    planes = np.concatenate([tensors, valid[np.newaxis]]).astype(np.float64)
    even, odd, total, pairs = _neighbors(planes)
    if pairs < _MIN_PAIRS:
        return Streaks(reason="too few plain parts of 12 mm")
    common = max(even + odd, 0.0)
    across = np.degrees(np.arctan2(tensors[1].sum(), tensors[0].sum())) / 2
    return Streaks(
        index_hu=float((common / pairs) ** 0.25 / np.sqrt(2)),
        share=float(min(np.sqrt(common / total), 1.0)),
        direction_degrees=float((across + 90) % 180),
    )


def _neighbors(planes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sum of the products of neighbors along both axes of each plane."""
    down = np.einsum("nij,nij->n", planes[:, 1:], planes[:, :-1])
    return down + np.einsum("nij,nij->n", planes[:, :, 1:], planes[:, :, :-1])
