"""Streaks in air and soft tissue: fine detail that has one direction over a few centimeters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.body_outline import BodyOutline
from distiliqa.metrics.filters import part_means
from distiliqa.metrics.noise_boxes import CELL, Boxes
from distiliqa.metrics.noise_level import SOFT_TISSUE_HU
from distiliqa.metrics.slice_parts import NotMeasurable, SliceParts

_STEP = 3  # pixels from one gradient to the next
_PART_MM = 12.0  # side of the parts whose directions are compared
_MIN_SHARE = 0.4  # of a part that is tissue or air
_MIN_PAIRS = 12
_MAX_GRADIENT = 3.0  # times the median gradient: what is more is an edge
_SAMPLED = 4  # every which gradient counts for the median
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
    neighbouring parts is 0 on average for noise and for edges of organs, whose directions do not
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
    side = max(4, round(_PART_MM / parts.pixel_mm / _STEP))
    rows, columns = terms[0].shape
    masks = (mask[:rows, :columns] for mask in (_tissue(outline, found), _air(outline)))
    return StreakIndex(*(_streaks(terms, mask, side) for mask in masks))


def _tensors(hu: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    """Deviator, two terms, and trace of the structure tensor at every third pixel."""
    rows, columns = (length - 2 for length in hu.shape)
    inner_rows, inner_columns = slice(1, rows + 1, _STEP), slice(1, columns + 1, _STEP)
    down = hu[2::_STEP, inner_columns] - hu[:rows:_STEP, inner_columns]
    right = hu[inner_rows, 2::_STEP] - hu[inner_rows, :columns:_STEP]
    down_squared, right_squared = down * down, right * right
    return right_squared - down_squared, 2 * right * down, down_squared + right_squared


def _tissue(outline: BodyOutline, found: Boxes) -> NDArray[np.bool_]:
    """Every third pixel that lies in soft tissue."""
    return _pixels(found.centered(found.of_tissue(SOFT_TISSUE_HU)), CELL, outline.hu.shape)


def _air(outline: BodyOutline) -> NDArray[np.bool_]:
    """Every third pixel of the air around the body, away from the edge of the field of view."""
    room = outline.room[1::_STEP, 1::_STEP]
    return _pixels(outline.air, outline.side, outline.hu.shape) & (room > _AT_EDGE)


def _pixels(coarse: NDArray[np.bool_], side: int, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Every third pixel of a mask of cells or blocks."""
    rows, columns = (
        np.minimum(np.arange(1, length, _STEP) // side, count - 1)
        for length, count in zip(shape, coarse.shape, strict=True)
    )
    return coarse[rows][:, columns]


def _streaks(terms: tuple[NDArray[np.float32], ...], mask: NDArray[np.bool_], side: int) -> Streaks:
    squared = terms[-1]
    inside = squared[mask][::_SAMPLED]
    limit = float(np.median(inside)) * _MAX_GRADIENT**2 if inside.size else 0.0
    if not limit:
        return Streaks(reason="too few pixels, or pixels without noise")
    weight = mask * (np.float32(limit) / np.maximum(squared, np.float32(limit)))
    share = part_means(mask.astype(np.float32), side)
    even, odd, total = (
        part_means(weight * term, side) / np.maximum(share, _MIN_SHARE) for term in terms
    )
    return _from_tensors(even, odd, total, share > _MIN_SHARE)


def _from_tensors(
    even: NDArray[np.floating],
    odd: NDArray[np.floating],
    total: NDArray[np.floating],
    valid: NDArray[np.bool_],
) -> Streaks:
    """Streaks from deviators and traces of the tensors of parts."""
    even, odd, total = (np.where(valid, part, 0) for part in (even, odd, total))
    pairs = _neighbours(valid.astype(np.float64))
    if pairs < _MIN_PAIRS:
        return Streaks(reason="too few plain parts of 12 mm")
    common = max(_neighbours(even) + _neighbours(odd), 0.0)
    across = np.degrees(np.arctan2(odd.sum(), even.sum())) / 2
    return Streaks(
        index_hu=float((common / pairs) ** 0.25 / np.sqrt(2)),
        share=float(min(np.sqrt(common / _neighbours(total)), 1.0)),
        direction_degrees=float((across + 90) % 180),
    )


def _neighbours(values: NDArray[np.floating]) -> float:
    """Sum of the products of neighbours along both axes."""
    return float((values[1:] * values[:-1]).sum() + (values[:, 1:] * values[:, :-1]).sum())
