"""Modulation transfer function from pixels on both sides of many edges.

Pixels are sorted into bins of a tenth of a pixel by their distance from the edge. So nothing is
interpolated, and frequencies beyond the Nyquist frequency of the pixels are seen.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

BINS_A_PIXEL = 10
FREQUENCY = np.arange(0.0, 1.601, 0.01)  # 1/mm
_NEAR = 2.5  # pixels around an edge, which align it
_SMOOTH = 5  # bins
_ALIGNMENTS = 2
_ARC = 20  # profiles that are judged together
_MAX_SHIFT = 1.0  # pixels
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
    sharper = np.flatnonzero(means >= np.median(means))
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
    edge = _mean_edge(*_binned(values, distance, bins))[0]
    smooth = np.convolve(
        np.pad(edge, _SMOOTH // 2, mode="edge"), np.full(_SMOOTH, 1 / _SMOOTH), "valid"
    )
    slope = np.gradient(smooth) * BINS_A_PIXEL
    at = _bin(distance, bins)
    near = np.abs(distance) < _NEAR
    shift = slope[at] * near
    terms = np.stack([shift, (edge[at] - edge[0]) * near, shift * distance], axis=1)
    normal = np.einsum("nik,njk->nij", terms, terms) + 1e-6 * np.eye(3)
    found = np.einsum("nik,nk->ni", terms, (values - edge[at]) * near)
    solved = np.linalg.solve(normal, found[..., np.newaxis])[..., 0]
    return solved[:, 0], solved[:, 2]


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
    return np.clip((distance * BINS_A_PIXEL + bins / 2).astype(np.intp), 0, bins - 1)


def _mean_edge(sums: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean value in each bin, (arcs, bins), HU; empty bins lie on a line between others."""
    edges = sums / np.maximum(counts, 1)
    at = np.arange(counts.shape[1])
    for edge, filled in zip(edges, counts > 0, strict=True):
        if not filled.all():
            edge[~filled] = np.interp(at[~filled], at[filled], edge[filled])
    return edges


def transfer_function(sums: EdgeSums) -> NDArray[np.float64]:
    """Modulation transfer function of all arcs together.

    The values outward of the minimum, an undershoot, and those deeper than the skin are held
    constant. The edge is that from air to skin and, below it, from skin to fat or muscle; both are
    blurred alike. The depth of the second is found from the phase of the transform, its height from
    the values 4 mm deep and skin of 40 HU. Its share is divided out, and so is the response of the
    bins and of the difference between them.

    Parameters
    ----------
    sums : EdgeSums
        Of profiles across the skin.

    Returns
    -------
    ndarray of float64
        (frequencies,), at `FREQUENCY`; 1 at 0.
    """
    blurred, ideal = _responses(sums)
    return np.abs(blurred / ideal)


def drawn_transfer_functions(
    sums: EdgeSums, draws: NDArray[np.float64], step: int = 1
) -> NDArray[np.float64]:
    """Modulation transfer functions of draws of arcs; the second edge is that of all together.

    Parameters
    ----------
    sums : EdgeSums
        Of profiles across the skin.
    draws : ndarray
        (n, arcs), how often each arc is drawn.
    step : int
        Every which frequency of `FREQUENCY` is computed.

    Returns
    -------
    ndarray of float64
        (n, frequencies), at ``FREQUENCY[::step]``; 1 at 0.
    """
    _, ideal = _responses(sums)
    edges = _mean_edge(draws @ sums.sums, draws @ sums.counts)
    blurred, _, _ = _transform(edges, sums.pixel_mm, step)
    return np.abs(blurred / ideal[::step])


def _responses(sums: EdgeSums) -> tuple[NDArray[np.complex128], NDArray[np.complex128]]:
    """Transform of the edge that all arcs show, and of the same edge without blur."""
    blurred, air, plateau = _transform(_mean_edge(*sums.total[:2]), sums.pixel_mm)
    bins = np.sinc(FREQUENCY * sums.pixel_mm / BINS_A_PIXEL) ** 2
    return blurred[0], _second_edge(blurred, air, plateau) * bins


def _transform(
    edges: NDArray[np.float64], pixel_mm: float, step: int = 1
) -> tuple[NDArray[np.complex128], float, float]:
    """Transforms of the derivatives of edges, 1 at 0, and air and plateau of the first, HU."""
    width = pixel_mm / BINS_A_PIXEL
    bins = edges.shape[1]
    x = (np.arange(bins) - bins / 2 + 0.5) * width
    plateau = edges[:, (x > _PLATEAU_MM[0]) & (x < _PLATEAU_MM[1])].mean(axis=1)
    smooth = _smoothed(edges)
    lowest = np.argmin(np.where(x < 0, smooth, np.inf), axis=1)
    air = np.take_along_axis(smooth, lowest[:, np.newaxis], axis=1)
    held = np.where(np.arange(bins) < lowest[:, np.newaxis], air, edges)
    held[:, x > _PLATEAU_MM[1]] = plateau[:, np.newaxis]
    turned = np.diff(held, axis=1) @ _turns(bins, width)[:, ::step]
    return turned / turned[:, :1].real, float(air[0, 0]), float(plateau[0])


def _smoothed(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    around = _SMOOTH // 2
    padded = np.pad(edges, ((0, 0), (around, around)), mode="edge")
    windows = [padded[:, at : at + edges.shape[1]] for at in range(_SMOOTH)]
    return np.mean(windows, axis=0)


def _second_edge(
    transform: NDArray[np.complex128], air: float, plateau: float
) -> NDArray[np.complex128]:
    """Response of the two edges without blur, (frequencies,), 1 at 0."""
    step = _SKIN_HU - plateau
    if step < _MIN_STEP_HU:
        return np.ones(len(FREQUENCY), np.complex128)
    share = step / (_SKIN_HU - air)
    two = (1 - share * _DELAYED) / (1 - share)
    response = np.abs(transform[0])
    last = int(np.argmax((response < _MIN_RESPONSE) | (FREQUENCY > _MAX_PHASE)))
    f, weights = FREQUENCY[:last], response[:last] ** 2
    phase = np.unwrap(np.angle(transform[0, :last])) - np.unwrap(np.angle(two[:, :last]), axis=1)
    delay = (phase * weights * f).sum(axis=1) / (weights * f**2).sum()
    left = ((phase - delay[:, np.newaxis] * f) ** 2 * weights).sum(axis=1)
    return two[np.argmin(left)]


@lru_cache(maxsize=8)
def _turns(bins: int, width: float) -> NDArray[np.complex128]:
    """Kernel of the Fourier transform, (differences, frequencies)."""
    x = (np.arange(1, bins) - bins / 2) * width
    return np.exp(-2j * np.pi * np.outer(x, FREQUENCY))
