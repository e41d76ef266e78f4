"""Filters of the metrics in NumPy alone: boxes and a Gaussian."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Value = TypeVar("Value", bound=np.generic)


def box_mean(values: NDArray[np.floating], size: int) -> NDArray[np.floating]:
    """Mean over ``size`` x ``size`` pixels.

    Parameters
    ----------
    values : ndarray
        (rows, columns), float32 or float64, which is kept.

    Returns
    -------
    ndarray
        (rows - size + 1, columns - size + 1): the boxes that lie inside the image.
    """
    sums = window_sums(window_sums(_flat(values), size, values.shape[1]), size)
    return _inside(sums, values.shape, size) / size**2


def median(values: NDArray[np.floating]) -> float:
    """Median of one value or more; a sort is faster than `numpy.median` for some thousand."""
    ordered = np.sort(values, axis=None)
    return float(ordered[(ordered.size - 1) // 2] + ordered[ordered.size // 2]) / 2


def percentile(values: NDArray[np.floating], percent: float) -> float:
    """As `numpy.percentile`, to the last bit, in a quarter of its time for some thousand values."""
    place = (values.size - 1) * (percent / 100)
    at = int(place)
    above, share = min(at + 1, values.size - 1), place - at
    ordered = np.partition(values, (at, above))
    low, high = ordered[at], ordered[above]
    step = high - low  # rounded as the values are
    return float(low + step * share if share < 0.5 else high - step * (1 - share))


def block_means(image: NDArray, blocks: int) -> NDArray[np.floating]:
    """Means over ``blocks`` x ``blocks`` parts of an image; a rest of pixels is ignored.

    Parameters
    ----------
    image : ndarray
        (size, size), numbers or booleans.

    Returns
    -------
    ndarray
        (blocks, blocks), float64.
    """
    side = len(image) // blocks
    return part_means(image[: blocks * side, : blocks * side].astype(np.float64), side)


def part_means(values: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    """Means over parts of ``side`` x ``side`` pixels; a rest of pixels at the end is ignored.

    Parameters
    ----------
    values : ndarray
        (..., rows, columns), float32 or float64, which is kept.

    Returns
    -------
    ndarray
        (..., rows // side, columns // side).
    """
    return _part_sums(values, side) / side**2


def part_moments(
    values: NDArray[np.floating], side: int
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Means of values and of their squares over parts, as of `part_means`."""
    first, *others = (values[part] for part in _every(len(values), side))
    sums, squares = first.copy(), first * first
    for rows in others:
        sums += rows
        squares += rows * rows
    return _column_sums(sums, side) / side**2, _column_sums(squares, side) / side**2


def box_all(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """Test which boxes of ``size`` x ``size`` pixels inside the image lie within ``mask``.

    Returns
    -------
    ndarray of bool
        (rows - size + 1, columns - size + 1), as of `box_mean`.
    """
    found = window_all(window_all(_flat(mask), size, mask.shape[1]), size)
    return _inside(found, mask.shape, size)


def mirrored(values: NDArray[Value], size: int) -> NDArray[Value]:
    """Mirror pixels around the image, so that each of its pixels has a box around it."""
    return np.pad(values, (size // 2, size - 1 - size // 2), mode="symmetric")


def gaussian_mean(values: NDArray[np.float64], size: int, sigma: float) -> NDArray[np.float64]:
    """Mean weighted by a Gaussian that is cut to ``size`` x ``size`` pixels and normalized.

    Returns
    -------
    ndarray of float64
        (rows - size + 1, columns - size + 1): the windows that lie inside the image.
    """
    offsets = np.arange(size) - (size - 1) / 2
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    weights /= weights.sum()
    return _weighted_sums(_weighted_sums(values, weights).T, weights).T


def _part_sums(values: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    """Sums over parts, by adding slices: NumPy is slow in sums over short axes."""
    first, *others = _every(values.shape[-2], side)
    total = values[..., first, :].copy()
    for rows in others:
        total += values[..., rows, :]
    return _column_sums(total, side)


def _column_sums(values: NDArray[np.floating], side: int) -> NDArray[np.floating]:
    first, *others = _every(values.shape[-1], side)
    total = values[..., first].copy()
    for columns in others:
        total += values[..., columns]
    return total


def _every(length: int, side: int) -> list[slice]:
    """First, second ... element of each part along an axis, without the rest."""
    return [slice(at, length // side * side, side) for at in range(side)]


def _flat(values: NDArray[Value]) -> NDArray[Value]:
    """All rows one after the other: long runs of memory, which NumPy is fastest with."""
    return np.ascontiguousarray(values).reshape(-1)


def _inside(flat: NDArray[Value], shape: tuple[int, ...], size: int) -> NDArray[Value]:
    """Boxes that lie inside an image, of those that begin at each pixel of its rows in one run."""
    rows, columns = shape
    steps = (columns * flat.itemsize, flat.itemsize)
    inside = (max(rows - size + 1, 0), max(columns - size + 1, 0))
    return np.ndarray(inside, flat.dtype, flat, strides=steps)


def window_sums(values: NDArray[np.floating], size: int, step: int = 1) -> NDArray[np.floating]:
    """Sums over ``size`` values, ``step`` apart along the first axis, for the windows inside it.

    Windows of a power of two are doubled and those that make up ``size`` added: a few additions of
    whole arrays, and no rounding error carried along the axis as in a running sum.
    """
    count = len(values) - (size - 1) * step
    total: NDArray[np.floating] | None = None
    covered, width, sums = 0, 1, values
    while True:
        if size & width:
            part = sums[covered * step : covered * step + count]
            total = part if total is None else total + part
            covered += width
        if total is not None and covered == size:
            return total
        sums = sums[: -width * step] + sums[width * step :]
        width *= 2


def window_all(mask: NDArray[np.bool_], size: int, step: int = 1) -> NDArray[np.bool_]:
    """Test which windows of ``size`` values, as of `window_sums`, lie within a mask."""
    width = 1
    while width < size:
        more = min(width, size - width)  # windows may overlap here, unlike those of sums
        mask = mask[: -more * step] & mask[more * step :]
        width += more
    return mask


def _weighted_sums(
    values: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    count = len(values) - len(weights) + 1
    total = weights[0] * values[:count]
    for at, weight in enumerate(weights[1:], start=1):
        total += weight * values[at : at + count]
    return total
