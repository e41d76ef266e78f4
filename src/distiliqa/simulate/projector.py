"""Line integrals of slices, by the central slice theorem, and their adjoint.

The transform of a parallel projection is the two-dimensional transform of the slice along a line
through zero. The slice is zero-padded to twice its size and transformed. A Kaiser-Bessel window
interpolates the values on the polar grid, by one product with a sparse matrix (Fessler & Sutton,
IEEE Trans Signal Process 2003, doi 10.1109/TSP.2002.807005). One-dimensional transforms give the
projections, which are sampled at the rays of the geometry. Slices are band-limited, as CT slices
are.
"""

from __future__ import annotations

import math
import warnings
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, pad

from distiliqa.simulate.scanners import Geometry, Rays
from distiliqa.simulate.threads import one_core_per_operation

_PADDING = 2  # transforms are this much larger than the slice
_SUPPORT = 4  # grid points that an interpolated value is made of, along each axis
_DENSITY = 1.4  # parallel views in half a turn, for each pixel across the slice
_FINENESS = 2  # samples of a projection for each pixel


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
    sampled = _sample(sinogram, geometry.rays() if rays is None else rays, spacing_mm)
    return sampled.reshape(*image.shape[:-2], *sampled.shape[-2:]) * spacing_mm


@one_core_per_operation()
def back_project(
    sinogram: Tensor, size: int, spacing_mm: float, geometry: Geometry, rays: Rays | None = None
) -> Tensor:
    """The adjoint of `project`: (..., views, channels) to (..., size, size)."""
    parallel = _Parallel.of(size, sinogram.dtype, sinogram.device)
    flat = sinogram.reshape(-1, *sinogram.shape[-2:])
    zero = sinogram.new_zeros(len(flat), parallel.views, parallel.samples, requires_grad=True)
    with torch.enable_grad():  # sampling is linear: its adjoint is its gradient
        sampled = _sample(zero, geometry.rays() if rays is None else rays, spacing_mm)
    (spread,) = torch.autograd.grad(sampled, zero, flat * spacing_mm)
    return parallel.adjoint(spread).reshape(*sinogram.shape[:-2], size, size)


def _sample(sinogram: Tensor, rays: Rays, spacing_mm: float) -> Tensor:
    """Parallel projections over half a turn, (n, views, samples), at (views, channels) rays."""
    views, samples = sinogram.shape[1:]
    angle, offset = torch.broadcast_tensors(*rays)
    turns = torch.floor(angle / math.pi)
    row = (angle / math.pi - turns) * views
    offset = torch.where(turns % 2 == 0, offset, -offset)
    column = offset / spacing_mm * _FINENESS + samples // 2
    # The view after the last is the first with its ends swapped. Cubic interpolation looks two
    # views ahead and one behind.
    swapped = torch.roll(sinogram.flip(-1), 1, -1)
    rows = torch.cat([swapped[:, -2:], sinogram, swapped[:, :3]], 1)
    grid = torch.stack([(2 * column + 1) / samples - 1, (2 * row + 5) / (views + 5) - 1], -1)
    grid = grid.to(sinogram)[None].expand(1, -1, -1, -1)
    return grid_sample(rows[None], grid, mode="bicubic", align_corners=False)[0]


class _Parallel(NamedTuple):
    """Parallel projection of a square slice in units of pixels, and the matrices it needs."""

    size: int
    views: int
    samples: int
    inside: Tensor  # (views * (samples // 2 + 1),): which polar frequencies the pixels carry
    interpolate: Tensor  # sparse, (those frequencies, padded size squared)
    transposed: Tensor
    correction: Tensor  # (size, size): the inverse transform of the window

    @staticmethod
    @lru_cache(maxsize=4)
    def of(size: int, dtype: torch.dtype, device: torch.device) -> _Parallel:
        views = 4 * math.ceil(_DENSITY * size / 4)
        padded = _PADDING * size
        samples = _FINENESS * padded
        theta = torch.arange(views, dtype=torch.float64) * (math.pi / views)
        frequency = torch.arange(samples // 2 + 1, dtype=torch.float64)  # cycles a padded side
        x = (torch.cos(theta)[:, None] * frequency).flatten()
        y = (torch.sin(theta)[:, None] * frequency).flatten()
        inside = torch.maximum(x.abs(), y.abs()) <= padded / 2
        matrix = _interpolation(x[inside], -y[inside], padded, dtype)  # rows run down
        window = _window_transform(size, padded)
        return _Parallel(
            size,
            views,
            samples,
            inside.to(device),
            matrix.to(device),
            _transpose(matrix).to(device),
            (1 / (window[:, None] * window)).to(device, dtype),
        )

    def forward(self, image: Tensor) -> Tensor:
        """(n, size, size) to (n, views, samples)."""
        n, padded = len(image), _PADDING * self.size
        margin = padded - self.size
        spectrum = torch.fft.fft2(
            _origin_first(pad(image * self.correction, (0, margin, 0, margin)), self.size)
        )
        columns = torch.view_as_real(spectrum.reshape(n, -1).T.contiguous())
        found = self.interpolate @ columns.reshape(padded**2, 2 * n)
        polar = columns.new_zeros(len(self.inside), 2 * n)
        polar[self.inside] = found
        lines = torch.view_as_complex(polar.reshape(-1, n, 2)).T.reshape(n, self.views, -1)
        projections = torch.fft.irfft(lines, self.samples)
        return torch.roll(projections, self.samples // 2, -1) * _FINENESS

    def adjoint(self, sinogram: Tensor) -> Tensor:
        """(n, views, samples) to (n, size, size)."""
        n, padded = len(sinogram), _PADDING * self.size
        lines = torch.fft.rfft(torch.roll(sinogram, self.samples // 2, -1))
        # irfft counts each frequency twice but for the first and the last.
        lines[..., 1:-1] *= 2
        polar = torch.view_as_real(lines.reshape(n, -1).T.contiguous()).reshape(-1, 2 * n)
        columns = self.transposed @ polar[self.inside]
        spectrum = torch.view_as_complex(columns.reshape(-1, n, 2)).T.reshape(n, padded, padded)
        image = torch.fft.ifft2(spectrum, norm="forward").real
        image = torch.roll(image, (self.size // 2,) * 2, (-2, -1))[..., : self.size, : self.size]
        return image * self.correction * (_FINENESS / self.samples)


def _origin_first(padded: Tensor, size: int) -> Tensor:
    """Roll the pixel on the axis of rotation to the first place."""
    return torch.roll(padded, (-(size // 2),) * 2, (-2, -1))


def _interpolation(x: Tensor, y: Tensor, padded: int, dtype: torch.dtype) -> Tensor:
    """Sparse matrix that takes a flat (padded, padded) spectrum to the frequencies (x, y)."""
    taps = torch.arange(_SUPPORT) - _SUPPORT // 2 + 1
    column, row = (torch.floor(axis).long()[:, None] + taps for axis in (x, y))
    across, down = _window(column - x[:, None]), _window(row - y[:, None])
    weight = (down[:, :, None] * across[:, None, :]).flatten(1)
    index = ((row % padded)[:, :, None] * padded + (column % padded)[:, None, :]).flatten(1)
    index, order = index.sort(1)
    weight = weight.gather(1, order).to(dtype)
    starts = torch.arange(len(x) + 1) * _SUPPORT**2
    return _sparse(starts, index.flatten(), weight.flatten(), (len(x), padded**2))


def _transpose(matrix: Tensor) -> Tensor:
    rows, columns = matrix.shape
    of_row = torch.repeat_interleave(torch.arange(rows), matrix.crow_indices().diff().long())
    column, order = matrix.col_indices().long().sort(stable=True)
    starts = torch.zeros(columns + 1, dtype=torch.long)
    torch.cumsum(torch.bincount(column, minlength=columns), 0, out=starts[1:])
    return _sparse(starts, of_row[order], matrix.values()[order], (columns, rows))


def _sparse(starts: Tensor, index: Tensor, values: Tensor, shape: tuple[int, int]) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch calls the format beta
        return torch.sparse_csr_tensor(
            starts.int(), index.int(), values, shape, check_invariants=False
        )


def _beta() -> float:
    """Shape of the window with minimum aliasing.

    Beatty et al. 2005, doi 10.1109/TMI.2005.848376.
    """
    return math.pi * math.sqrt((_SUPPORT / _PADDING * (_PADDING - 0.5)) ** 2 - 0.8)


def _window(distance: Tensor) -> Tensor:
    """Kaiser-Bessel window at a distance in grid points."""
    inside = (1 - (2 * distance / _SUPPORT) ** 2).clamp(min=0)
    return torch.special.i0(_beta() * inside.sqrt()) * (inside > 0)


def _window_transform(size: int, padded: int) -> Tensor:
    """Transform of the window at the pixels of a row, float64, (size,)."""
    place = (torch.arange(size, dtype=torch.float64) - size // 2) / padded
    root = torch.sqrt(_beta() ** 2 - (math.pi * _SUPPORT * place) ** 2)
    return _SUPPORT * torch.sinh(root) / root
