"""Metal in the slice: rods, such as screws, stems or clips."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from distiliqa.simulate.geometry import Rays

METAL_HU = 3071.0  # the most that 12 bits store
_PER_MM = {"titanium": 0.25, "iron": 0.65}  # linear attenuation at 70 keV (NIST XCOM)


@dataclass(frozen=True)
class Rod:
    """A rod across the slice.

    Attributes
    ----------
    x, y : where, mm to the right of the axis of rotation and above it.
    radius : mm.
    alloy : ``titanium`` or ``iron``.
    """

    x: float
    y: float
    radius: float
    alloy: str = "titanium"


def rod_integrals(rod: Rod, rays: Rays) -> Tensor:
    """Line integrals of a rod: float64, (views, channels)."""
    distance = rays.offset - rod.x * torch.cos(rays.angle) - rod.y * torch.sin(rays.angle)
    return 2 * _PER_MM[rod.alloy] * (rod.radius**2 - distance**2).clamp(min=0).sqrt()


def paint(hu: Tensor, rod: Rod, spacing_mm: float) -> Tensor:
    """Slices (..., size, size) with the rod in them, its edge shared between pixels."""
    size = hu.shape[-1]
    place = (torch.arange(size, device=hu.device) - size // 2) * spacing_mm
    distance = torch.hypot(place - rod.x, -place[:, None] - rod.y)
    share = (0.5 + (rod.radius - distance) / spacing_mm).clamp(0, 1)
    return hu + share * (METAL_HU - hu)
