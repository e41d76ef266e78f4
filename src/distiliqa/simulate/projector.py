"""Line integrals of batches of slices with torch, along the rays of any scan.

The slices are taken to the grid of `PolarGrid` by one product with a sparse matrix. Projections are
sampled at the rays of the geometry.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from distiliqa.simulate.polar_grid import (
    FINENESS,
    SUPPORT,
    VIEWS_AFTER,
    VIEWS_BEFORE,
    PolarGrid,
)
from distiliqa.simulate.scanners import Geometry, Rays
from distiliqa.simulate.threads import one_core_per_operation


@one_core_per_operation()
def project(
    image: Tensor, spacing_mm: float, geometry: Geometry, rays: Rays | None = None
) -> Tensor:
    """Integrate slices along the rays of a scan.

    Parameters
    ----------
    image : (..., size, size), float32 or float64, any quantity per mm.
    spacing_mm : pixel spacing, mm.
    geometry : the scan.
    rays : the lines to integrate along, if not those of the geometry (the patient moved).

    Returns
    -------
    (..., views, channels), the quantity times mm.
    """
    size = image.shape[-1]
    parallel = _Parallel.of(size, image.dtype, image.device)
    sinogram = parallel.forward(image.reshape(-1, size, size))
    places = parallel.grid.places(geometry.rays() if rays is None else rays, spacing_mm)
    sampled = _sample(sinogram, *places)
    return sampled.reshape(*image.shape[:-2], *sampled.shape[-2:]) * spacing_mm


def _sample(sinogram: Tensor, view: NDArray[np.floating], sample: NDArray[np.floating]) -> Tensor:
    """Parallel projections over half a turn, (n, views, samples), at the places of rays."""
    samples = sinogram.shape[-1]
    swapped = torch.roll(sinogram.flip(-1), 1, -1)
    rows = torch.cat([swapped[:, -VIEWS_BEFORE:], sinogram, swapped[:, :VIEWS_AFTER]], 1)
    across, down = (2 * sample + 1) / samples - 1, (2 * view + 1) / rows.shape[1] - 1
    grid = torch.from_numpy(np.stack(np.broadcast_arrays(across, down), -1)).to(sinogram)
    grid = grid[None].expand(1, -1, -1, -1)
    return grid_sample(rows[None], grid, mode="bicubic", align_corners=False)[0]


@dataclass(frozen=True)
class _Parallel:
    """Parallel projection of square slices in units of pixels, and the matrices it needs."""

    grid: PolarGrid
    inside: Tensor
    interpolate: Tensor  # sparse, (frequencies inside, padded size squared)
    correction: Tensor

    @staticmethod
    @lru_cache(maxsize=4)
    def of(size: int, dtype: torch.dtype, device: torch.device) -> _Parallel:
        grid = PolarGrid.of(size)
        return _Parallel(
            grid,
            torch.from_numpy(grid.inside).to(device),
            _interpolation(grid, dtype).to(device),
            torch.from_numpy(grid.correction).to(device, dtype),
        )

    def forward(self, image: Tensor) -> Tensor:
        """(n, size, size) to (n, views, samples)."""
        grid, n = self.grid, len(image)
        margin = grid.padded - grid.size
        padded = pad(image * self.correction, (0, margin, 0, margin))
        # The pixel on the axis of rotation comes first.
        spectrum = torch.fft.fft2(torch.roll(padded, (-(grid.size // 2),) * 2, (-2, -1)))
        columns = torch.view_as_real(spectrum.reshape(n, -1).T.contiguous())
        found = self.interpolate @ columns.reshape(grid.padded**2, 2 * n)
        polar = columns.new_zeros(len(self.inside), 2 * n)
        polar[self.inside] = found
        lines = torch.view_as_complex(polar.reshape(-1, n, 2)).T.reshape(n, grid.views, -1)
        projections = torch.fft.irfft(lines, grid.samples)
        return torch.roll(projections, grid.samples // 2, -1) * FINENESS


def _interpolation(grid: PolarGrid, dtype: torch.dtype) -> Tensor:
    """Sparse matrix that takes a flat (padded, padded) spectrum to the frequencies inside."""
    taps = np.arange(SUPPORT)
    row, column = ((first[:, None] + taps) % grid.padded for first in (grid.row, grid.column))
    index = (row[:, :, None] * grid.padded + column[:, None, :]).reshape(len(row), -1)
    weight = (grid.down.T[:, :, None] * grid.across.T[:, None, :]).reshape(len(row), -1)
    ordered, order = torch.from_numpy(index).sort(1)
    values = torch.from_numpy(weight).gather(1, order).to(dtype)
    starts = torch.arange(len(row) + 1) * SUPPORT**2
    shape = len(row), grid.padded**2
    return _sparse(starts, ordered.flatten(), values.flatten(), shape)


def _sparse(starts: Tensor, index: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls the format beta
        return torch.sparse_csr_tensor(
            starts.int(), index.int(), values, shape, check_invariants=False
        )
