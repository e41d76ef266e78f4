"""A patient who moves during the turn: each view sees another position.

The slice shows him where he is on average: where he lies is no fault, that he moves is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from distiliqa.simulate.geometry import Geometry, Rays


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
    turn = torch.arange(geometry.views, dtype=torch.float64)[:, None] / geometry.views
    sway = torch.sin(2 * math.pi * (motion.periods * turn + motion.phase))
    sway = sway - sway.mean()
    angle, offset = geometry.rays()
    x, y = motion.shift
    scale = 1 + motion.breathing * sway
    offset = offset - sway * (x * torch.cos(angle) + y * torch.sin(angle))
    return Rays(angle - math.radians(motion.rotation) * sway, offset / scale), scale
