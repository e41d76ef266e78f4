"""A patient who moves during the turn: each view sees another position.

The slice shows him where he is on average: where he lies is no fault, that he moves is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from distiliqa.simulate.scanners import Geometry, Rays

_POSITIONS = 32  # of the turn: 0.6 mm apart at most for who moves by 4 mm


@dataclass(frozen=True)
class Motion:
    """How far the slice moves in its plane; each goes to and fro like a sine, about its mean.

    Attributes
    ----------
    shift : amplitude along x and along y, mm.
    rotation : amplitude, degrees.
    breathing : amplitude of growing and shrinking about the axis of rotation, relative.
    periods : how many times to and fro in a turn.
    phase : where in the period the first view is, in [0, 1).
    """

    shift: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    breathing: float = 0.0
    periods: float = 0.7
    phase: float = 0.0


def moved_rays(geometry: Geometry, motion: Motion) -> tuple[Rays, Tensor]:
    """The rays as the resting patient sees them, and the length of a mm in each view.

    Line integrals along the rays are to be multiplied by the length, (views, 1).
    """
    sway = _sway(motion, geometry.views)[:, None]
    angle, offset = geometry.rays()
    x, y = motion.shift
    scale = 1 + motion.breathing * sway
    offset = offset - sway * (x * torch.cos(angle) + y * torch.sin(angle))
    return Rays(angle - math.radians(motion.rotation) * sway, offset / scale), scale


def blurred(image: Tensor, spacing_mm: float, motion: Motion) -> Tensor:
    """The mean of the slice in all positions of the turn: what motion shows without streaks.

    Parameters
    ----------
    image : (n, size, size), floating; 0 where nothing is.
    """
    size = image.shape[-1]
    shape = (_POSITIONS, 1, size, size)
    places = _places(motion, size * spacing_mm).to(image)
    grid = affine_grid(places, list(shape), align_corners=False)
    positions = (grid_sample(one.expand(shape), grid, align_corners=False) for one in image)
    return torch.stack([moved.mean(dim=(0, 1)) for moved in positions])


def _places(motion: Motion, width: float) -> Tensor:
    """Where each position of the turn shows what the resting patient has, (positions, 2, 3).

    As torch counts: x to the right and y down, from -1 to 1 over ``width`` mm.
    """
    sway = _sway(motion, _POSITIONS)
    angle = torch.deg2rad(motion.rotation * sway)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    turned = torch.stack((cosine, -sine, sine, cosine), -1).reshape(-1, 2, 2)
    x, y = motion.shift
    shift = sway[:, None] * torch.tensor((-x, y), dtype=sway.dtype) * (2 / width)
    placed = torch.cat((turned, (turned @ shift[..., None])), -1)
    return placed / (1 + motion.breathing * sway)[:, None, None]


def _sway(motion: Motion, steps: int) -> Tensor:
    """How far the patient is along his way in each step of a turn, about its mean."""
    turn = torch.arange(steps, dtype=torch.float64) / steps
    sway = torch.sin(2 * math.pi * (motion.periods * turn + motion.phase))
    return sway - sway.mean()
