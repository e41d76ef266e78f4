"""Profiles across the skin in a slice, where it is bare: an edge between air and tissue."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.body_outline import SKIN_HU, VIEWS, BodyOutline

_REACH_MM, _MIN_REACH = 6.0, 8  # of a profile to each side of the skin, mm and pixels
_FIT = 5  # lines to each side, for the direction of the skin
_AROUND = np.arange(-_FIT, _FIT + 1)
# Weights that fit a parabola to neighbouring lines: its value and its slope in the middle.
_PARABOLA = np.linalg.pinv(np.stack([_AROUND**power for power in range(3)], axis=1))[:2]
_MAX_SLOPE = 1.0  # skin that is steeper is seen from another side
_MAX_ROUGH = 0.5  # pixels, of the skin from the line that is fitted to it
_MAX_AIR_HU = -975.0  # doi 10.1118/1.4961984, doi 10.1002/acm2.70006
_SKIN_HU = (-50.0, 100.0)
_MAX_DIP_HU, _MAX_RISE_HU = 120.0, 25.0
_BARE_MM, _MAX_LAYER_HU = 4.0, -925.0  # no clothes or blankets farther from the skin


class SkinEdges(NamedTuple):
    """Profiles across the skin, in the order in which they follow each other along it.

    Attributes
    ----------
    values : ndarray of float32
        (n, pixels), HU, from air into the body: pixels of the slice, nothing is interpolated.
    distance : ndarray of float32
        (n, pixels), distance of each pixel from the skin along its normal; pixels, positive inside.
    at : ndarray of intp
        (n,), view and line of each profile as one number, an index of ``depth_mm``.
    cosine : ndarray of float64
        (n,), of the angle between the normal of the skin and the line.
    over : int
        Number of profiles that fail for values above 100 HU alone: the kernel enhances edges.
    depth_mm : ndarray of float64
        (lines of all views,), position of the skin along each line, mm; NaN for none.
    """

    values: NDArray[np.float32]
    distance: NDArray[np.float32]
    at: NDArray[np.intp]
    cosine: NDArray[np.float64]
    over: int
    depth_mm: NDArray[np.float64]

    def chosen(self, kept: NDArray) -> SkinEdges:
        """Some of the profiles, by index or mask."""
        return SkinEdges(
            self.values[kept],
            self.distance[kept],
            self.at[kept],
            self.cosine[kept],
            self.over,
            self.depth_mm,
        )


def skin_edges(outline: BodyOutline, pixel_mm: float) -> SkinEdges:
    """Find profiles across bare skin, seen from the front, the back, the right and the left.

    A profile is kept where the skin is smooth, at most 45 degrees from the view, and at least as
    far from the edge of the field of view as the profile is long. The mean over 11 lines must go
    from below -975 HU to between -50 and 100 HU, be below -925 HU from 4 mm outward, rise by at
    most 25 HU outward of its minimum, and fall by at most 120 HU inward of its maximum (Sanders et
    al. 2016, doi 10.1118/1.4961984; Govyadinov et al. 2025, doi 10.1002/acm2.70006). Clothes,
    tables and blankets fail.

    Parameters
    ----------
    outline : BodyOutline
        The body in the slice.
    pixel_mm : float
        Side of the square pixels, mm.
    """
    reach = max(_MIN_REACH, round(_REACH_MM / pixel_mm))
    views = [
        _edges(view(outline.hu), view(outline.room), skin, reach, round(_BARE_MM / pixel_mm))
        for view, skin in zip(VIEWS, outline.skins, strict=True)
    ]
    ends = np.cumsum([0, *(len(edges.depth_mm) for edges in views)])
    values, distance, at, cosine = (
        np.concatenate(arrays) for arrays in list(zip(*views, strict=True))[:4]
    )
    depth_mm = np.concatenate([edges.depth_mm for edges in views]) * pixel_mm
    at += np.repeat(ends[:-1], [len(edges.at) for edges in views])
    over = sum(edges.over for edges in views)
    return SkinEdges(values, distance, at, cosine, over, depth_mm)


def _edges(
    lines: NDArray[np.float32],
    room: NDArray[np.float32],
    skin: NDArray[np.intp],
    reach: int,
    bare_pixels: int,
) -> SkinEdges:
    """Profiles of one view; depths in pixels."""
    at = np.flatnonzero((skin > reach) & (skin < lines.shape[1] - reach))
    at = at[room[at, skin[at] - reach] > 1]
    places = skin[at, np.newaxis] + np.arange(-reach, reach)
    values = lines[at[:, np.newaxis], places]
    before, after = values[:, reach - 1], values[:, reach]
    crosses = (before <= SKIN_HU) & (after > SKIN_HU)
    rise = np.where(crosses, after - before, 1)
    depth = np.full(len(lines), np.nan)
    depth[at] = np.where(crosses, skin[at] - 1 + (SKIN_HU - before) / rise, np.nan)
    middle, slope = _fitted(depth)
    kept = (np.abs(slope[at]) < _MAX_SLOPE) & (np.abs(middle - depth)[at] < _MAX_ROUGH)
    bare, is_over = _bare(values, crosses, reach - bare_pixels)
    over = int(np.count_nonzero(kept & bare & is_over))
    kept &= bare & ~is_over
    cosine = 1 / np.hypot(1, slope[at[kept]])
    distance = (places[kept] - middle[at[kept], np.newaxis]) * cosine[:, np.newaxis]
    return SkinEdges(values[kept], distance.astype(np.float32), at[kept], cosine, over, depth)


def _fitted(depth: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Parabola fitted around each line: its value and its slope; NaN where a neighbour is NaN."""
    padded = np.full(len(depth) + 2 * _FIT, np.nan)
    padded[_FIT:-_FIT] = depth
    middle, slope = (np.convolve(padded, weights[::-1], "valid") for weights in _PARABOLA)
    return middle, slope


def _bare(
    values: NDArray[np.float32], crosses: NDArray[np.bool_], outside: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Whether the mean of each profile and its neighbours is bare skin, and whether it is over."""
    if not len(values):
        return crosses, crosses
    smooth = _running_mean(values, crosses.astype(np.float32)[:, np.newaxis])
    low, high = smooth.min(axis=1), smooth.max(axis=1)
    inward = np.minimum.accumulate(smooth[:, ::-1], axis=1)[:, ::-1]
    outward = np.maximum.accumulate(smooth, axis=1)
    rows = np.arange(len(smooth))
    top = np.minimum(high, _SKIN_HU[1])
    dip = top - inward[rows, smooth.argmax(axis=1)]
    rise = outward[rows, smooth.argmin(axis=1)] - low
    found = crosses & (low < _MAX_AIR_HU) & (high > _SKIN_HU[0])
    found &= outward[:, outside - 1] < _MAX_LAYER_HU
    return found & (dip < _MAX_DIP_HU) & (rise < _MAX_RISE_HU), high >= _SKIN_HU[1]


def _running_mean(values: NDArray[np.float32], weights: NDArray[np.float32]) -> NDArray[np.float32]:
    count = np.maximum(_running_sum(weights), 1)
    return (_running_sum(values * weights) / count).astype(np.float32)


def _running_sum(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """Sum over 11 neighbouring profiles, fewer at the ends."""
    sums = np.zeros((len(values) + 2 * _FIT + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=sums[_FIT + 1 : -_FIT])
    sums[-_FIT:] = sums[-_FIT - 1]
    return sums[2 * _FIT + 1 :] - sums[: -2 * _FIT - 1]
