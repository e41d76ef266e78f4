"""Beam hardening: thick and dense parts let only the harder photons through.

A 120 kV spectrum is taken as four energies. A scanner corrects what water does; what bone and metal
do on top of that leaves dark bands between dense parts (Joseph & Spital, J Comput Assist Tomogr
1978, doi 10.1097/00004728-197801000-00017).
"""

from __future__ import annotations

import torch
from torch import Tensor

from distiliqa.simulate.noise import WATER_PER_MM

BONE_HU = 150.0  # what is denser is taken for bone, as far as it is

# Shares of the photons at 40, 60, 80 and 100 keV (approximate for 120 kV behind a body filter), and
# attenuation relative to 70 keV (NIST XCOM mass attenuation coefficients, interpolated at 70 keV).
_SHARES = (0.12, 0.42, 0.31, 0.15)
_RELATIVE = {
    "water": (1.391, 1.068, 0.953, 0.885),
    "bone": (2.576, 1.219, 0.863, 0.718),
    "titanium": (4.100, 1.419, 0.750, 0.504),
    "iron": (4.370, 1.451, 0.717, 0.448),
}
_LONGEST = 25.0  # line integral of water up to which the correction is tabulated
_ENTRIES = 4096


def hardened(
    water: Tensor, bone: Tensor, metal: Tensor | None = None, alloy: str = "titanium"
) -> Tensor:
    """Line integrals as measured with a 120 kV spectrum and corrected for water.

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
    """The water that gives the measured logarithm, by a table."""
    water = torch.linspace(0, _LONGEST, _ENTRIES, dtype=torch.float64, device=measured.device)
    table = torch.zeros_like(water)
    for share, relative in zip(_SHARES, _RELATIVE["water"], strict=True):
        table += share * torch.exp(-water * relative)
    table = -torch.log(table)
    upper = torch.searchsorted(table, measured.contiguous()).clamp(1, _ENTRIES - 1)
    low, high = table[upper - 1], table[upper]
    return water[upper - 1] + (measured - low) / (high - low) * (water[1] - water[0])


def bone_attenuation(hu: Tensor) -> Tensor:
    """The part of the attenuation, 1/mm, that bone adds to soft tissue."""
    return (hu - BONE_HU).clamp(min=0) * (WATER_PER_MM / 1000)
