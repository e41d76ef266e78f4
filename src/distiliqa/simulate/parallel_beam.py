"""One slice through parallel beams and back, with NumPy: all that noise of a lower dose needs.

`projector` and `reconstruction` do the same with torch, for batches, fans and GPUs. They share the
polar grid and the filter with it.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from distiliqa.simulate.kernels import RAMP, Kernel
from distiliqa.simulate.polar_grid import (
    FINENESS,
    SUPPORT,
    VIEWS_AFTER,
    VIEWS_BEFORE,
    PolarGrid,
)
from distiliqa.simulate.ramp_filter import filtered, noise_gain
from distiliqa.simulate.scanners import ParallelBeam

Image = NDArray[np.floating]
Sinogram = NDArray[np.floating]

_grid_of = lru_cache(maxsize=2)(PolarGrid.of)
_ROWS = 64  # of pixels, whose sums stay in the cache of a core


def project(image: Image, spacing_mm: float, geometry: ParallelBeam) -> Sinogram:
    """Integrate a slice along parallel rays.

    Parameters
    ----------
    image : (size, size), any quantity per mm.
    spacing_mm : pixel spacing, mm.

    Returns
    -------
    (views, channels), the quantity times mm.
    """
    grid = _grid_of(len(image))
    view, sample = grid.places(geometry.rays(), spacing_mm)
    lines = _projections(_spectrum(image, grid), grid)
    swapped = np.roll(lines[:, ::-1], 1, -1)
    lines = np.concatenate([swapped[-VIEWS_BEFORE:], lines, swapped[:VIEWS_AFTER]])
    at_rays = _interpolated(lines.T, sample[0]).T  # samples: fewer are left
    return _interpolated(at_rays, view[:, 0]) * np.float32(spacing_mm)


def filtered_back_projection(
    sinogram: Sinogram,
    size: int,
    spacing_mm: float,
    geometry: ParallelBeam,
    kernel: Kernel = RAMP,
) -> Image:
    """Reconstruct a slice from line integrals.

    Parameters
    ----------
    sinogram : (views, channels), the scanned quantity (per mm) times mm.
    size : rows and columns of the slice.
    spacing_mm : pixel spacing, mm.
    kernel : apodization of the ramp.

    Returns
    -------
    (size, size), the scanned quantity per mm.
    """
    image = _smear(filtered(sinogram, geometry, kernel), size, spacing_mm, geometry)
    return image * np.float32(math.pi / geometry.views)


def noise_variance(
    variance: Sinogram,
    size: int,
    spacing_mm: float,
    geometry: ParallelBeam,
    kernel: Kernel = RAMP,
) -> Image:
    """Variance of the pixels of a slice from the variance of its line integrals.

    Shapes and units are those of `filtered_back_projection`, squared. The noise of rays is taken to
    be independent, and to vary slowly between neighbors.
    """
    gain = noise_gain(geometry, kernel) * (math.pi / geometry.views) ** 2
    return _smear(variance, size, spacing_mm, geometry) * np.float32(gain)


def _spectrum(image: Image, grid: PolarGrid) -> NDArray[np.complex64]:
    """Transform of the padded slice, (padded, padded); the axis of rotation is its origin."""
    padded = np.zeros((grid.padded, grid.padded), np.float32)
    padded[: grid.size, : grid.size] = image * grid.correction
    return np.fft.fft2(np.roll(padded, (-(grid.size // 2),) * 2, (0, 1))).astype(np.complex64)


def _projections(spectrum: NDArray[np.complex64], grid: PolarGrid) -> NDArray[np.floating]:
    """Parallel projections over half a turn, (views, samples)."""
    polar = np.zeros(len(grid.inside), np.complex64)
    polar[grid.inside] = _at_frequencies(spectrum, grid)
    lines = np.fft.irfft(polar.reshape(grid.views, -1), grid.samples).astype(np.float32, copy=False)
    return np.roll(lines, grid.samples // 2, -1) * FINENESS


def _at_frequencies(spectrum: NDArray[np.complex64], grid: PolarGrid) -> NDArray[np.complex64]:
    """The spectrum at the frequencies of the grid that are inside."""
    periodic = np.pad(spectrum, ((0, SUPPORT), (0, SUPPORT)), "wrap")
    width, flat = periodic.shape[1], periodic.ravel()
    first = grid.row % grid.padded * width + grid.column % grid.padded
    total = np.zeros(len(first), np.complex64)
    for down, row in enumerate(grid.down.astype(np.float32)):
        for across, column in enumerate(grid.across.astype(np.float32)):
            values = flat[down * width + across :].take(first, mode="clip")
            total += values * (row * column)
    return total


_SHARPNESS = -0.75  # of cubic convolution (Keys 1981, doi 10.1109/TASSP.1981.1163711), as in torch


def _interpolated(rows: NDArray[np.floating], places: NDArray[np.floating]) -> NDArray[np.floating]:
    """Rows at fractional places, by cubic convolution: (places, columns). Beyond them is 0."""
    first = np.floor(places).astype(np.intp)
    total = np.zeros((len(places), rows.shape[1]), np.float32)
    for tap in range(-1, 3):
        index, distance = first + tap, np.abs(places - first - tap)
        weight = np.where(distance <= 1, _near(distance), _far(distance))
        weight[(index < 0) | (index >= len(rows))] = 0
        total += weight[:, None].astype(np.float32) * rows.take(index, axis=0, mode="clip")
    return total


def _near(t: NDArray[np.floating]) -> NDArray[np.floating]:
    return ((_SHARPNESS + 2) * t - (_SHARPNESS + 3)) * t**2 + 1


def _far(t: NDArray[np.floating]) -> NDArray[np.floating]:
    return _SHARPNESS * (((t - 5) * t + 8) * t - 4)


def _smear(rows: Sinogram, size: int, spacing_mm: float, geometry: ParallelBeam) -> Image:
    """Back-project (views, samples) to (size, size): sum over the views at each pixel."""
    turns, samples = geometry.quarter_turns, rows.shape[-1]
    side = size // 2 * 2 + 1  # turns into itself around the axis of rotation
    # For each of the views that no quarter turn joins, the quarter turns side by side, with a zero
    # at both ends for rays that miss the detector.
    rows = rows.reshape(len(turns), -1, samples).swapaxes(0, 1)
    rows = np.pad(rows, ((0, 0), (0, 0), (1, 1)))
    angle = geometry.view_angles()[: len(rows), None]
    place = (np.arange(side) - size // 2) * (spacing_mm / geometry.pitch)
    per_channel = samples / geometry.channels
    first = geometry.channel_positions()[0] / geometry.pitch
    # 1 for the zero in front, and a half to round.
    right = ((place * np.cos(angle) - first) * per_channel + 1.5).astype(np.float32)
    up = (-place * np.sin(angle) * per_channel).astype(np.float32)
    total = np.zeros((len(turns), side, side), np.float32)
    for begin in range(0, side, _ROWS):
        band = total[:, begin : begin + _ROWS]
        for row, x, y in zip(rows, right, up[:, begin : begin + _ROWS, None], strict=True):
            band += row.take((x + y).astype(np.intp), axis=1, mode="clip")
    turned = [np.rot90(part, turn) for turn, part in zip(turns, total, strict=True)]
    return np.sum(turned, axis=0)[:size, :size]
