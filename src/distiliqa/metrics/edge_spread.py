"""Modulation transfer function of the edge of the skin, from its pixels in bins."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.edge_sums import BINS_A_PIXEL, SMOOTH, EdgeSums, mean_edge, smoothed

FREQUENCY = np.arange(0.0, 1.601, 0.01)  # 1/mm
_PLATEAU_MM = (3.3, 4.5)  # inside of the skin
_SKIN_HU = 40.0  # of the skin itself, without blur
_MIN_STEP_HU = 20.0  # from skin to what is below it, that is seen at all
_DEPTHS_MM = np.arange(0.0, 4.01, 0.1)  # of the skin
_DELAYED = np.exp(-2j * np.pi * np.outer(_DEPTHS_MM, FREQUENCY))
_MAX_PHASE, _MIN_RESPONSE = 0.5, 0.2  # 1/mm, and share: beyond is too little signal for a phase


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
    blurred, air, plateau = _transform(mean_edge(*sums.total[:2]), sums.pixel_mm)
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
        Step through `FREQUENCY`: 2 computes every second one.

    Returns
    -------
    ndarray of float64
        (n, frequencies), at ``FREQUENCY[::step]``; 1 at 0.
    """
    edges = mean_edge(draws @ sums.sums, draws @ sums.counts)
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
    smooth = smoothed(edges[:, : bins // 2 + SMOOTH])[:, : bins // 2]
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
