"""Pixels on both sides of an edge, aligned and summed in bins of a tenth of a pixel.

So nothing is interpolated, and frequencies beyond the Nyquist frequency of the pixels are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import median

BINS_A_PIXEL = 10
SMOOTH = 5  # bins
_NEAR = 2.5  # pixels around an edge, which align it
_ALIGNMENTS = 2
_ARC = 20  # profiles that are judged together
_MAX_SHIFT = 1.0  # pixels
_RIDGE = 1e-6  # keeps the equations of a profile without an edge solvable
_UPPER = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))  # of a symmetric matrix


class EdgeSums(NamedTuple):
    """Sums of pixels by their distance from the edge; those of many slices can be added.

    Attributes
    ----------
    sums : ndarray of float64
        (arcs, bins), HU.
    counts : ndarray of float64
        (arcs, bins), pixels.
    pixel_mm : float
        Side of a pixel, mm; bins are a tenth as wide. The edge is in the middle.
    profiles : int
        Number of profiles.
    """

    sums: NDArray[np.float64]
    counts: NDArray[np.float64]
    pixel_mm: float
    profiles: int

    @property
    def total(self) -> EdgeSums:
        """All arcs as one."""
        sums, counts = (part.sum(axis=0, keepdims=True) for part in (self.sums, self.counts))
        return EdgeSums(sums, counts, self.pixel_mm, self.profiles)


def edge_sums(
    values: NDArray[np.floating], distance: NDArray[np.floating], pixel_mm: float
) -> EdgeSums:
    """Align profiles, keep the sharper half of the arcs, and sum their pixels in bins.

    Skin that is oblique to the slice blurs its edge, and nothing sharpens one. So the sharper half
    of the arcs of 20 neighboring profiles is closer to the scanner.

    Parameters
    ----------
    values : ndarray
        (n, pixels), HU; 20 profiles or more.
    distance : ndarray
        (n, pixels), from the edge, pixels.
    pixel_mm : float
        Side of a pixel, mm.
    """
    bins = BINS_A_PIXEL * values.shape[1]
    for _ in range(_ALIGNMENTS):
        shift, sharpness = _fit(values, distance, bins)
        distance = distance + np.clip(shift, -_MAX_SHIFT, _MAX_SHIFT)[:, np.newaxis]
    bounds = np.linspace(0, len(values), len(values) // _ARC + 1).astype(int)
    arcs = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    means = np.bincount(arcs, sharpness) / np.bincount(arcs)
    sharper = np.flatnonzero(means >= median(means))
    rank = np.full(len(means), -1)
    rank[sharper] = np.arange(len(sharper))
    kept = rank[arcs] >= 0
    sums, counts = _binned(values[kept], distance[kept], bins, rank[arcs][kept])
    return EdgeSums(sums, counts, pixel_mm, int(kept.sum()))


def _fit(
    values: NDArray[np.floating], distance: NDArray[np.floating], bins: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit the mean edge to each profile: shift, pixels, and relative sharpness, around 0.

    The contrast of a profile is fitted too, for that of the skin differs.
    """
    edges = mean_edge(*_binned(values, distance, bins))
    edge, slope = edges[0], _slope(smoothed(edges)[0])
    profiles, pixels = np.nonzero(np.abs(distance) < _NEAR)
    near = distance[profiles, pixels]
    at = _bin(near, bins)
    seen = edge[at]
    terms = (slope[at], seen - edge[0], slope[at] * near)
    off = values[profiles, pixels] - seen

    def summed(products: NDArray[np.floating]) -> NDArray[np.float64]:
        return np.bincount(profiles, products, len(values)).astype(np.float64)

    normal = [summed(terms[row] * terms[column]) for row, column in _UPPER]
    return _solved(normal, [summed(term * off) for term in terms])


def _solved(
    normal: Sequence[NDArray[np.float64]], found: Sequence[NDArray[np.float64]]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """First and last unknown of the symmetric equations of all profiles, by cofactors."""
    a, b, c, d, e, f = normal
    a, d, f = a + _RIDGE, d + _RIDGE, f + _RIDGE
    first, middle, last = d * f - e * e, c * e - b * f, b * e - c * d
    determinant = a * first + b * middle + c * last
    shift = (first * found[0] + middle * found[1] + last * found[2]) / determinant
    corner, end = b * c - a * e, a * d - b * b
    return shift, (last * found[0] + corner * found[1] + end * found[2]) / determinant


def _slope(edge: NDArray[np.float64]) -> NDArray[np.float64]:
    """Derivative of an edge, HU a pixel."""
    slope = np.empty_like(edge)
    slope[1:-1] = (edge[2:] - edge[:-2]) / 2
    slope[0], slope[-1] = edge[1] - edge[0], edge[-1] - edge[-2]
    return slope * BINS_A_PIXEL


def _binned(
    values: NDArray[np.floating],
    distance: NDArray[np.floating],
    bins: int,
    arcs: NDArray[np.intp] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Sums and counts of pixels in bins, (arcs, bins)."""
    at = _bin(distance, bins)
    count = 1
    if arcs is not None:
        at, count = at + arcs[:, np.newaxis] * bins, int(arcs.max()) + 1
    places, size = at.ravel(), count * bins
    sums = np.bincount(places, values.ravel(), size).astype(np.float64).reshape(count, bins)
    return sums, np.bincount(places, minlength=size).reshape(count, bins).astype(np.float64)


def _bin(distance: NDArray[np.floating], bins: int) -> NDArray[np.intp]:
    places: NDArray[np.intp] = (distance * BINS_A_PIXEL + bins / 2).astype(np.intp)
    return np.minimum(np.maximum(places, 0), bins - 1)


def mean_edge(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean value in each bin, (arcs, bins), HU; empty bins lie on a line between others."""
    filled = counts > 0
    edges = sums / np.maximum(counts, 1)
    if filled.all():
        return edges
    arcs = np.arange(len(edges))
    for end, first in ((0, filled.argmax(axis=1)), (-1, -1 - filled[:, ::-1].argmax(axis=1))):
        edges[:, end], filled[:, end] = edges[arcs, first], True
    # The ends are filled: no line runs from one arc into the next.
    empty, known = np.flatnonzero(~filled), np.flatnonzero(filled)
    np.put(edges, empty, np.interp(empty, known, edges.take(known)))
    return edges


def smoothed(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over five bins."""
    bins = edges.shape[1]
    around = SMOOTH // 2
    padded = edges[:, np.clip(np.arange(-around, bins + around), 0, bins - 1)]
    total = padded[:, :bins].copy()
    for at in range(1, SMOOTH):
        total += padded[:, at : at + bins]
    return total / SMOOTH
