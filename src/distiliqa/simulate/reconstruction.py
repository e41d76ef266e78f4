"""Filtered back-projection of batches of slices with torch, of fan and parallel beams.

A view is added to the pixels with the weights of the geometry (Kak & Slaney 1988, 3.3 and 3.4.1).
Views that are quarter turns apart share the positions of their samples.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import pad

from distiliqa.simulate.arrays import like
from distiliqa.simulate.kernels import RAMP, Kernel
from distiliqa.simulate.ramp_filter import channel_weight, filtered, noise_gain
from distiliqa.simulate.scanners import FanBeam, Geometry
from distiliqa.simulate.threads import in_bands, one_core_per_operation


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
    image = _smear(filtered(flat, geometry, kernel), size, spacing_mm, geometry)
    image = image * (math.pi / geometry.views)
    return image.reshape(*sinogram.shape[:-2], size, size)


@one_core_per_operation()
def noise_variance(
    variance: Tensor, size: int, spacing_mm: float, geometry: Geometry, kernel: Kernel = RAMP
) -> Tensor:
    """Variance of the pixels of a slice from the variance of its line integrals.

    Shapes and units are those of `filtered_back_projection`, squared. The noise of rays is taken to
    be independent, and to vary slowly between neighbors.
    """
    weight = like(channel_weight(geometry), variance)
    flat = variance.reshape(-1, *variance.shape[-2:]) * weight**2
    image = _smear(flat, size, spacing_mm, geometry, power=2)
    image = image * (noise_gain(geometry, kernel) * (math.pi / geometry.views) ** 2)
    return image.reshape(*variance.shape[:-2], size, size)


def _smear(
    rows: Tensor, size: int, spacing_mm: float, geometry: Geometry, power: int = 1
) -> Tensor:
    """Back-project (n, views, samples) to (n, size, size): sum over the views at each pixel.

    The weights of the geometry are raised to ``power``.
    """
    n, views, samples = rows.shape
    turns = geometry.quarter_turns
    side = size // 2 * 2 + 1  # turns into itself around the axis of rotation
    x = (torch.arange(side) - size // 2).to(rows) * spacing_mm
    # For each of the views that no quarter turn joins, slices and quarter turns side by side, with
    # a zero at both ends for rays that miss the detector.
    rows = rows.reshape(n, len(turns), views // len(turns), samples).permute(2, 1, 0, 3)
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
    for row, angle in zip(rows, like(geometry.view_angles(), rows), strict=False):
        place, weight = _located(geometry, x, y, angle)
        # 1 for the zero in front, and a half to round.
        nearest = place.sub_(first).mul_(per_channel / geometry.step).add_(1.5)
        index = nearest.clamp_(0, samples - 1).long().flatten()
        carried = row.index_select(1, index).view_as(total)
        total.addcmul_(carried, weight if power == 1 else weight**power)
    return total


def _located(geometry: Geometry, x: Tensor, y: Tensor, angle: Tensor) -> tuple[Tensor, Tensor]:
    """Position of the ray of a view through points, as of the channels, and its weight.

    The weight is the inverse square of the distance to the source (Kak & Slaney 1988, 3.4.1), 1 for
    parallel beams. x, y and angle broadcast.
    """
    cosine, sine = torch.cos(angle), torch.sin(angle)
    across = x * cosine + y * sine
    if not isinstance(geometry, FanBeam):
        return across, torch.ones_like(across)
    along = (geometry.source_to_center + x * sine) - y * cosine
    weight = torch.addcmul(across.square(), along, along).reciprocal_()
    return torch.atan2(across, along), weight
