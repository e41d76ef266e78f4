"""Faults of an acquisition: detector, beam hardening and metal.

- Channels with a wrong gain make rings. A detector that ends inside the patient truncates the scan.
- Beam hardening: thick and dense parts let only photons of higher energy through. A 120 kV spectrum
  is modeled as four energies. A scanner corrects for water. Bone and metal beyond that leave dark
  bands between dense parts (Joseph & Spital, J Comput Assist Tomogr 1978,
  doi 10.1097/00004728-197801000-00017).
- Metal rods stand for screws, stems or clips.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from distiliqa.simulate.arrays import like
from distiliqa.simulate.attenuation import WATER_PER_MM
from distiliqa.simulate.scanners import Geometry, Rays

_FAULTY = 0.03  # share of the channels that are off their gain
_ROLL_OFF_MM = 60.0


def ring_errors(geometry: Geometry, gain: float, generator: torch.Generator) -> Tensor:
    """Error in the line integrals of each channel, (channels,), float32: rings in the slice.

    Parameters
    ----------
    gain : standard deviation of the relative gain of a faulty channel; 0.05 is plain to see.
    """
    faulty = torch.rand(geometry.channels, generator=generator) < _FAULTY
    error = gain * torch.randn(geometry.channels, generator=generator)
    return -torch.log1p(torch.where(faulty, error, 0.0).clamp(min=-0.9))


def truncated(integrals: Tensor, geometry: Geometry, diameter: float) -> Tensor:
    """Line integrals of a detector that covers only a circle of ``diameter`` mm.

    Beyond it the last value falls to 0 over 60 mm as a squared cosine, which reduces the bright rim
    of a hard edge (Ohnesorge et al., Med Phys 2000, doi 10.1118/1.598855).
    """
    offset = geometry.rays().offset[0]
    seen = np.flatnonzero(np.abs(offset) <= diameter / 2)
    nearest = torch.from_numpy(np.arange(geometry.channels).clip(seen[0], seen[-1]))
    beyond = np.clip(np.abs(offset) - diameter / 2, 0, _ROLL_OFF_MM) / _ROLL_OFF_MM
    fall = like(np.cos(math.pi / 2 * beyond) ** 2, integrals)
    return integrals[..., nearest.to(integrals.device)] * fall


def covered(shape: tuple[int, int], spacing_mm: float, diameter: float | None) -> NDArray[np.bool_]:
    """Pixels inside the circle that every view of such a detector sees; all for None."""
    if diameter is None:
        return np.ones(shape, dtype=bool)
    down, right = np.indices(shape) - max(shape) // 2
    return np.hypot(down, right) * spacing_mm <= diameter / 2


BONE_HU = 150.0  # attenuation above it counts as bone

# Shares of the photons at 40, 60, 80 and 100 keV (approximate for 120 kV behind a body filter), and
# attenuation relative to 70 keV (NIST XCOM mass attenuation coefficients, interpolated at 70 keV).
_SHARES = (0.12, 0.42, 0.31, 0.15)
_RELATIVE = {
    "water": (1.391, 1.068, 0.953, 0.885),
    "bone": (2.576, 1.219, 0.863, 0.718),
    "titanium": (4.100, 1.419, 0.750, 0.504),
    "iron": (4.370, 1.451, 0.717, 0.448),
}
_MAX_INTEGRAL = 25.0  # line integral of water up to which the correction is tabulated
_ENTRIES = 4096


def hardened(
    water: Tensor, bone: Tensor, metal: Tensor | None = None, alloy: str = "titanium"
) -> Tensor:
    """Line integrals measured with a 120 kV spectrum and corrected for water.

    Parameters
    ----------
    water, bone, metal : line integrals at 70 keV of each material; shapes broadcast.
    alloy : ``titanium`` or ``iron``.

    Returns
    -------
    The corrected line integrals: their sum for water alone, less than their sum for the others.
    """
    parts = [(water, "water"), (bone, "bone")] + ([] if metal is None else [(metal, alloy)])
    transmitted = torch.zeros((), dtype=torch.float64, device=water.device)
    for energy, share in enumerate(_SHARES):
        total = torch.zeros_like(transmitted)
        for part, name in parts:
            total = total + part.double() * _RELATIVE[name][energy]
        transmitted = transmitted + share * torch.exp(-total)
    return _water_correction(-torch.log(transmitted)).to(water)


def _water_correction(measured: Tensor) -> Tensor:
    """Invert the logarithm that water gives, by a table."""
    water = torch.linspace(0, _MAX_INTEGRAL, _ENTRIES, dtype=torch.float64, device=measured.device)
    table = torch.zeros_like(water)
    for share, relative in zip(_SHARES, _RELATIVE["water"], strict=True):
        table += share * torch.exp(-water * relative)
    table = -torch.log(table)
    upper = torch.searchsorted(table, measured.contiguous()).clamp(1, _ENTRIES - 1)
    low, high = table[upper - 1], table[upper]
    return water[upper - 1] + (measured - low) / (high - low) * (water[1] - water[0])


def bone_attenuation(hu: Tensor) -> Tensor:
    """Attenuation, 1/mm, that bone adds to soft tissue."""
    return (hu - BONE_HU).clamp(min=0) * (WATER_PER_MM / 1000)


METAL_HU = 3071.0  # maximum of 12 bits
_PER_MM = {"titanium": 0.25, "iron": 0.65}  # linear attenuation at 70 keV (NIST XCOM)


@dataclass(frozen=True)
class Rod:
    """Metal rod perpendicular to the slice.

    Attributes
    ----------
    x, y : position, mm to the right of the axis of rotation and above it.
    radius : mm.
    alloy : ``titanium`` or ``iron``.
    """

    x: float
    y: float
    radius: float
    alloy: str = "titanium"


def rod_integrals(rod: Rod, rays: Rays) -> NDArray[np.floating]:
    """Line integrals of a rod: (views, channels)."""
    distance = rays.offset - rod.x * np.cos(rays.angle) - rod.y * np.sin(rays.angle)
    return 2 * _PER_MM[rod.alloy] * np.sqrt(np.maximum(rod.radius**2 - distance**2, 0))


def paint(hu: Tensor, rod: Rod, spacing_mm: float) -> Tensor:
    """Paint a rod into slices (..., size, size), with an antialiased edge."""
    size = hu.shape[-1]
    place = (torch.arange(size, device=hu.device) - size // 2) * spacing_mm
    distance = torch.hypot(place - rod.x, -place[:, None] - rod.y)
    share = (0.5 + (rod.radius - distance) / spacing_mm).clamp(0, 1)
    return hu + share * (METAL_HU - hu)
