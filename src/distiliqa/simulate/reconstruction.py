"""Filtered back-projection of fan and parallel beams.

Each view is filtered by the ramp and the apodization of a kernel. The same transform upsamples it,
so that the nearest sample is close enough. The view is then added to the pixels with the weights of
the geometry (Kak & Slaney 1988, 3.3 and 3.4.1). Views that are quarter turns apart share the
positions of their samples.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from distiliqa.simulate.kernels import RAMP, Kernel
from distiliqa.simulate.scanners import FanBeam, Geometry
from distiliqa.simulate.threads import in_bands, one_core_per_operation

_UPSAMPLING = 4  # the nearest sample is then at most 1/8 channel away


@one_core_per_operation()
def filtered_back_projection(
    sinogram: Tensor, size: int, spacing_mm: float, geometry: Geometry, kernel: Kernel = RAMP
) -> Tensor:
    """Reconstruct slices from line integrals.

    Parameters
    ----------
    sinogram : (..., views, channels), the scanned quantity (per mm) times mm.
    size : rows and columns of the slice.
    spacing_mm : pixel spacing, mm.
    geometry : the scan; all its views, evenly spaced, are used.
    kernel : apodization of the ramp.

    Returns
    -------
    (..., size, size), the scanned quantity per mm.
    """
    flat = sinogram.reshape(-1, *sinogram.shape[-2:])
    filtered = _filter(flat, geometry, kernel)
    image = _smear(filtered, size, spacing_mm, geometry) * (math.pi / geometry.views)
    return image.reshape(*sinogram.shape[:-2], size, size)


@one_core_per_operation()
def noise_variance(
    variance: Tensor, size: int, spacing_mm: float, geometry: Geometry, kernel: Kernel = RAMP
) -> Tensor:
    """Variance of the pixels of a slice from the variance of its line integrals.

    Shapes and units are those of `filtered_back_projection`, squared. The noise of rays is taken to
    be independent, and to vary slowly between neighbors.
    """
    flat = variance.reshape(-1, *variance.shape[-2:]) * _fan_weight(geometry, variance) ** 2
    length = _transform_length(geometry)
    response = filter_response(geometry, length, kernel)
    gain = float(torch.fft.irfft(response, length).square().sum())
    image = _smear(flat, size, spacing_mm, geometry, power=2)
    image = image * (gain * (math.pi / geometry.views) ** 2)
    return image.reshape(*variance.shape[:-2], size, size)


def _filter(sinogram: Tensor, geometry: Geometry, kernel: Kernel) -> Tensor:
    """(n, views, channels) to (n, views, channels * _UPSAMPLING), filtered along the channels."""
    length = _transform_length(geometry)
    response = filter_response(geometry, length, kernel).to(sinogram)
    spectrum = torch.fft.rfft(sinogram * _fan_weight(geometry, sinogram), length) * response
    upsampled = torch.fft.irfft(spectrum, length * _UPSAMPLING) * _UPSAMPLING
    return upsampled[..., : geometry.channels * _UPSAMPLING]


def _transform_length(geometry: Geometry) -> int:
    """Length of the transform at which the ends of a projection do not overlap."""
    return 1 << (2 * geometry.channels - 1).bit_length()


def _fan_weight(geometry: Geometry, like: Tensor) -> Tensor:
    """Weight of each channel before filtering (Kak & Slaney 1988, eq. 98)."""
    if not isinstance(geometry, FanBeam):
        return like.new_ones(())
    return geometry.source_to_center * torch.cos(geometry.channel_positions()).to(like)


def filter_response(geometry: Geometry, length: int, kernel: Kernel = RAMP) -> Tensor:
    """Transform of the filter along the channels: float64, (length // 2 + 1,), per step.

    The ramp is sampled in space, which keeps the level of the slice right (Kak & Slaney 1988,
    eq. 61); a fan turns distances into sines (eq. 99).
    """
    index = torch.fft.fftfreq(length, 1 / length, dtype=torch.float64)
    place = index * geometry.step
    if isinstance(geometry, FanBeam):
        place = torch.sin(place)
    odd = index.long() % 2 == 1
    ramp = torch.where(odd, -1 / (torch.pi * place) ** 2, 0.0)
    ramp[0] = 1 / (4 * geometry.step**2)
    frequency = torch.fft.rfftfreq(length, geometry.sampling, dtype=torch.float64)
    return torch.fft.rfft(ramp).real * geometry.step * kernel.apodization(frequency)


def _smear(
    filtered: Tensor, size: int, spacing_mm: float, geometry: Geometry, power: int = 1
) -> Tensor:
    """Back-project (n, views, samples) to (n, size, size): sum over the views at each pixel.

    The weights of the geometry are raised to ``power``.
    """
    n, views, samples = filtered.shape
    turns = geometry.quarter_turns
    side = size // 2 * 2 + 1  # turns into itself around the axis of rotation
    x = (torch.arange(side) - size // 2).to(filtered) * spacing_mm
    # For each of the views that no quarter turn joins, slices and quarter turns side by side, with
    # a zero at both ends for rays that miss the detector.
    rows = filtered.reshape(n, len(turns), views // len(turns), samples).permute(2, 1, 0, 3)
    rows = pad(rows.flatten(1, 2), (1, 1))

    def band(y: Tensor) -> Tensor:
        return _smear_band(rows, x, y, samples / geometry.channels, geometry, power)

    parts = in_bands(band, -x[:, None]).reshape(len(turns), n, side, side)
    turned = [torch.rot90(part, turn, (-2, -1)) for turn, part in zip(turns, parts, strict=True)]
    return torch.stack(turned).sum(0)[..., :size, :size]


def _smear_band(
    rows: Tensor, x: Tensor, y: Tensor, per_channel: float, geometry: Geometry, power: int
) -> Tensor:
    """(views, parts, samples + 2) to (parts, rows, columns), for pixels at x and y."""
    parts, samples = rows.shape[1:]
    total = rows.new_zeros(parts, y.numel(), x.numel())
    first = float(geometry.channel_positions()[0])
    for row, angle in zip(rows, geometry.view_angles().to(rows), strict=False):
        place, weight = geometry.locate(x, y, angle)
        # 1 for the zero in front, and a half to round.
        nearest = place.sub_(first).mul_(per_channel / geometry.step).add_(1.5)
        index = nearest.clamp_(0, samples - 1).long().flatten()
        carried = row.index_select(1, index).view_as(total)
        total.addcmul_(carried, weight if power == 1 else weight**power)
    return total
