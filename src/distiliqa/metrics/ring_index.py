"""Rings around the axis of the scanner, from faulty or badly calibrated channels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.body_outline import BodyOutline, field_room
from distiliqa.metrics.filters import median, window_all, window_sums
from distiliqa.metrics.noise_boxes import CELL
from distiliqa.metrics.slice_parts import NotMeasurable, SliceParts

_SECTORS = 24
_SAMPLES = 12  # of an arc
_INNERMOST = 8  # pixels; smaller circles are mostly noise
_AROUND = 3  # pixels to each side, whose mean is taken off
_MIN_SHARE = 0.6  # of an arc that is plain
_MAX_DEVIATION = 1.5  # times the noise level
_AT_EDGE = 4.0  # pixels
_BETWEEN = 0.25  # pixels: scanners put the axis on a pixel, or between the middle ones
_MIN_PAIRS = 500  # of arcs
_MIN_ERRORS = 4.5  # standard errors, as if arcs were independent: what is less is no ring
_BEYOND = 1.0 - sum(np.roll(np.eye(_SECTORS), shift, axis=0) for shift in (-1, 0, 1))
_MAX_ARC = 4.0  # times the median deviation of an arc; what is more is anatomy


@dataclass(frozen=True)
class RingIndex:
    """Rings in a slice.

    Attributes
    ----------
    index_hu : float or None
        Standard deviation of what arcs of one radius have in common, HU; 0 where that is less than
        4.5 standard errors.
    sectors_hu : tuple[float, ...] or None
        The same of each of 24 sectors against the others, HU, from the right clockwise; NaN for a
        sector without plain tissue and air. All others are 0 where ``index_hu`` is 0.
    reason : str or None
        Why there is no value; None where there is one.
    """

    index_hu: float | None = None
    sectors_hu: tuple[float, ...] | None = None
    reason: str | None = None


def ring_index(
    hu: NDArray[np.floating],
    spacing_mm: tuple[float, float] | None,
    center: tuple[float, float] | None = None,
    *,
    parts: SliceParts | None = None,
) -> RingIndex:
    """Measure rings in the plain parts of a slice, tissue and air.

    The slice is read along circles of each radius. From each pixel the mean of its neighbors
    along the radius is taken, and the mean over each arc of 15 degrees is formed. Boxes
    with more than 1.5 times the noise level hold edges and do not count. What arcs of one
    radius have in common is a ring: the mean product of different arcs, to which noise and anatomy
    add nothing on average.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.
    spacing_mm : tuple[float, float] or None
        Pixel spacing (between rows, between columns), mm.
    center : tuple[float, float], optional
        Axis of the scanner in the image, (row, column) of pixels. If None, a quarter of a pixel
        beyond the middle of the image: scanners put the axis on a pixel, or between the middle
        ones. A wrong one hides rings.
    parts : SliceParts, optional
        What measures of this slice share, for speed; computed if None.

    Returns
    -------
    RingIndex
        Without a value and with a reason where few arcs are plain, there is no noise level, no body
        is seen, the values are shifted, or the pixels are unknown or not square.
    """
    parts = parts or SliceParts(hu, spacing_mm)
    try:
        outline, found, noise_hu = parts.outline, parts.boxes, parts.known_noise_hu
    except NotMeasurable as reason:
        return RingIndex(reason=str(reason))
    if noise_hu == 0:
        return RingIndex(reason="no noise")
    plain = (found.deviations < _MAX_DEVIATION * noise_hu) & (found.deviations > 0)
    cells = found.centered(plain)
    row, column = center or ((length - 1) / 2 + _BETWEEN for length in outline.hu.shape)
    return _index(outline, cells, (row, column))


def _index(
    outline: BodyOutline, cells: NDArray[np.bool_], center: tuple[float, float]
) -> RingIndex:
    circles = _circles(outline.shape, center, outline.is_round)
    # Seen as (radii, samples, sectors); in memory samples come first, for sums over them.
    values = np.take(outline.hu, circles.pixels).swapaxes(0, 1)
    mask = (np.take(cells, circles.cells) & circles.inside).swapaxes(0, 1)
    whole = window_all(mask, 2 * _AROUND + 1)
    detail = _detail(values) * whole
    arcs = whole.sum(axis=1, dtype=np.uint8) / np.float32(_SAMPLES)
    valid = arcs > _MIN_SHARE
    means = detail.mean(axis=1) / np.maximum(arcs, np.float32(_MIN_SHARE))
    return _common(np.where(valid, means, 0.0), valid)


class _Circles(NamedTuple):
    """Places along circles, (samples of an arc, radii, sectors)."""

    pixels: NDArray[np.intp]
    cells: NDArray[np.intp]
    inside: NDArray[np.bool_]


@lru_cache(maxsize=4)
def _circles(shape: tuple[int, int], center: tuple[float, float], is_round: bool) -> _Circles:
    radii = np.arange(_INNERMOST, min(shape) // 2 - 2)[:, np.newaxis]
    samples = np.arange(_SAMPLES)[:, np.newaxis, np.newaxis]
    angles = 2 * np.pi * (np.arange(_SECTORS) * _SAMPLES + samples) / (_SECTORS * _SAMPLES)
    rows = np.round(center[0] + radii * np.sin(angles)).astype(np.intp)
    columns = np.round(center[1] + radii * np.cos(angles)).astype(np.intp)
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    rows, columns = np.clip(rows, 0, shape[0] - 1), np.clip(columns, 0, shape[1] - 1)
    inside &= field_room(shape, is_round)[rows, columns] > _AT_EDGE
    down, across = (
        np.minimum(places // CELL, length // CELL - 1)
        for places, length in zip((rows, columns), shape, strict=True)
    )
    return _Circles(rows * shape[1] + columns, down * (shape[1] // CELL) + across, inside)


def _detail(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Values minus the mean of their neighbors along the radius."""
    count = 2 * _AROUND + 1
    return values[_AROUND:-_AROUND] - window_sums(values, count) / np.float32(count)


def _common(means: NDArray[np.floating], valid: NDArray[np.bool_]) -> RingIndex:
    """Rings from the means of arcs, (radii, sectors); edges of organs go on into the next arc."""
    plain = means[valid]
    if plain.size:
        limit = _MAX_ARC * median(np.abs(plain))
        means = np.minimum(np.maximum(means, -limit), limit)
        plain = np.minimum(np.abs(plain), limit)
    common = means * _beyond(means)
    products, pairs = common.sum(axis=0), (valid * _beyond(valid.astype(float))).sum(axis=0)
    if pairs.sum() < _MIN_PAIRS:
        return RingIndex(reason="too few arcs of plain tissue and air")
    error = np.dot(plain, plain) / plain.size * np.sqrt(2 * pairs.sum())  # of independent arcs
    if common.sum() < _MIN_ERRORS * error:
        products = np.zeros(_SECTORS)
    sectors = [
        _root(product / number) if number else float("nan")
        for product, number in zip(products, pairs, strict=True)
    ]
    return RingIndex(_root(products.sum() / pairs.sum()), tuple(sectors))


def _beyond(arcs: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sum over all arcs of the radius but the own one and its two neighbors."""
    return arcs @ _BEYOND


def _root(square: float) -> float:
    return float(np.sqrt(max(square, 0.0)))
