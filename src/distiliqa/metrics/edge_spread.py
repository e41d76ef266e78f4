"""Modulation transfer function from pixels on both sides of many edges.

Pixels are sorted into bins of a tenth of a pixel by their distance from the edge. So nothing is
interpolated, and frequencies beyond the Nyquist frequency of the pixels are seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import median

BINS_A_PIXEL = 10
FREQUENCY = np.arange(0.0, 1.601, 0.01)  # 1/mm
_NEAR = 2.5  # pixels around an edge, which align it
_SMOOTH = 5  # bins
_ALIGNMENTS = 2
_ARC = 20  # profiles that are judged together
_MAX_SHIFT = 1.0  # pixels
_RIDGE = 1e-6  # keeps the equations of a profile without an edge solvable
_UPPER = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))  # of a symmetric matrix
_PLATEAU_MM = (3.3, 4.5)  # inside of the skin
_SKIN_HU = 40.0  # of the skin itself, without blur
_MIN_STEP_HU = 20.0  # from skin to what is below it, that is seen at all
_DEPTHS_MM = np.arange(0.0, 4.01, 0.1)  # of the skin
_DELAYED = np.exp(-2j * np.pi * np.outer(_DEPTHS_MM, FREQUENCY))
_MAX_PHASE, _MIN_RESPONSE = 0.5, 0.2  # 1/mm, and share: beyond is too little signal for a phase


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
    of the arcs of 20 neighbouring profiles is closer to the scanner.

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
    edges = _mean_edge(*_binned(values, distance, bins))
    edge, slope = edges[0], _slope(_smoothed(edges)[0])
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


def _mean_edge(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
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


class EdgeResponse(NamedTuple):
    """Transform of an edge, at `FREQUENCY`, and of the same edge without blur.

    Attributes
    ----------
    blurred, ideal : ndarray of complex128
        (frequencies,), 1 at 0.
    """

    blurred: NDArray[np.complex128]
    ideal: NDArray[np.complex128]

    @property
    def transfer_function(self) -> NDArray[np.float64]:
        """Modulation transfer function, (frequencies,), 1 at 0."""
        return np.abs(self.blurred / self.ideal)


def edge_response(sums: EdgeSums) -> EdgeResponse:
    """Response of the edge that all arcs show together.

    The values outward of the minimum, an undershoot, and those deeper than the skin are held
    constant. The edge is that from air to skin and, below it, from skin to fat or muscle; both are
    blurred alike. The depth of the second is found from the phase of the transform, its height from
    the values 4 mm deep and skin of 40 HU. Its share is part of the ideal response, and so is that
    of the bins and of the difference between them.

    Parameters
    ----------
    sums : EdgeSums
        Of profiles across the skin.
    """
    blurred, air, plateau = _transform(_mean_edge(*sums.total[:2]), sums.pixel_mm)
    ideal = _second_edge(blurred[0], air, plateau) * _of_bins(sums.pixel_mm)
    return EdgeResponse(blurred[0], ideal)


def drawn_transfer_functions(
    sums: EdgeSums, draws: NDArray[np.float64], ideal: NDArray[np.complex128], step: int = 1
) -> NDArray[np.float64]:
    """Modulation transfer functions of draws of arcs.

    Parameters
    ----------
    sums : EdgeSums
        Of profiles across the skin.
    draws : ndarray
        (n, arcs), how often each arc is drawn.
    ideal : ndarray
        Response without blur, of all arcs together, see `EdgeResponse`.
    step : int
        Every which frequency of `FREQUENCY` is computed.

    Returns
    -------
    ndarray of float64
        (n, frequencies), at ``FREQUENCY[::step]``; 1 at 0.
    """
    edges = _mean_edge(draws @ sums.sums, draws @ sums.counts)
    blurred, _, _ = _transform(edges, sums.pixel_mm, step)
    return np.abs(blurred / ideal[::step])


def _transform(
    edges: NDArray[np.float64], pixel_mm: float, step: int = 1
) -> tuple[NDArray[np.complex128], float, float]:
    """Transforms of the derivatives of edges, 1 at 0, and air and plateau of the first, HU."""
    width = pixel_mm / BINS_A_PIXEL
    bins = edges.shape[1]
    x = (np.arange(bins) - bins / 2 + 0.5) * width
    plateau = edges[:, (x > _PLATEAU_MM[0]) & (x < _PLATEAU_MM[1])].mean(axis=1)
    smooth = _smoothed(edges[:, : bins // 2 + _SMOOTH])[:, : bins // 2]
    lowest = smooth.argmin(axis=1)
    air = smooth[np.arange(len(smooth)), lowest]
    held = np.where(np.arange(bins) < lowest[:, np.newaxis], air[:, np.newaxis], edges)
    held[:, x > _PLATEAU_MM[1]] = plateau[:, np.newaxis]
    parts = (held[:, 1:] - held[:, :-1]) @ _turns(bins, width, step)
    transforms = np.empty((len(edges), parts.shape[1] // 2), np.complex128)
    transforms.real, transforms.imag = (
        parts[:, : transforms.shape[1]],
        parts[:, transforms.shape[1] :],
    )
    transforms /= parts[:, :1]
    return transforms, float(air[0]), float(plateau[0])


def _smoothed(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean over five bins."""
    bins = edges.shape[1]
    around = _SMOOTH // 2
    padded = edges[:, np.clip(np.arange(-around, bins + around), 0, bins - 1)]
    total = padded[:, :bins].copy()
    for at in range(1, _SMOOTH):
        total += padded[:, at : at + bins]
    return total / _SMOOTH


def _second_edge(
    transform: NDArray[np.complex128], air: float, plateau: float
) -> NDArray[np.complex128]:
    """Response of the two edges without blur, (frequencies,), 1 at 0."""
    step = _SKIN_HU - plateau
    if step < _MIN_STEP_HU:
        return np.ones(len(FREQUENCY), np.complex128)
    share = step / (_SKIN_HU - air)
    response = np.abs(transform)
    last = int(np.argmax((response < _MIN_RESPONSE) | (FREQUENCY > _MAX_PHASE)))
    f, weights = FREQUENCY[:last], response[:last] ** 2
    two = 1 - share * _DELAYED[:, :last]  # in the right half of the plane: no phase to unwrap
    phase = np.unwrap(np.angle(transform[:last])) - np.arctan2(two.imag, two.real)
    delay = phase @ (weights * f) / (weights * f**2).sum()
    left = (phase - delay[:, np.newaxis] * f) ** 2 @ weights
    return (1 - share * _DELAYED[np.argmin(left)]) / (1 - share)


@lru_cache(maxsize=8)
def _of_bins(pixel_mm: float) -> NDArray[np.float64]:
    """Response of the bins and of the difference between them, (frequencies,)."""
    response: NDArray[np.float64] = np.sinc(FREQUENCY * pixel_mm / BINS_A_PIXEL) ** 2
    return response


@lru_cache(maxsize=8)
def _turns(bins: int, width: float, step: int) -> NDArray[np.float64]:
    """Kernel of the Fourier transform, (differences, real then imaginary parts)."""
    x = (np.arange(1, bins) - bins / 2) * width
    angles = 2 * np.pi * np.outer(x, FREQUENCY[::step])
    return np.hstack([np.cos(angles), -np.sin(angles)])
