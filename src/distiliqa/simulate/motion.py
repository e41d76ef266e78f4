"""Motion of the patient during the rotation: every view sees another position.

The slice shows the patient at the mean position: only the motion is a fault, not the position.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

from distiliqa.simulate.scanners import Geometry, Rays

_POSITIONS = 32  # in a rotation: at most 0.6 mm apart for an amplitude of 4 mm


@dataclass(frozen=True)
class Motion:
    """Sinusoidal motion of the slice in its plane, about the mean position.

    Attributes
    ----------
    shift : amplitude along x and along y, mm.
    rotation : amplitude, degrees.
    breathing : relative amplitude of expansion about the axis of rotation.
    periods : periods of the motion in one rotation.
    phase : phase of the first view, in [0, 1).
    """

    shift: tuple[float, float] = (0.0, 0.0)
    rotation: float = 0.0
    breathing: float = 0.0
    periods: float = 0.7
    phase: float = 0.0


def moved_rays(geometry: Geometry, motion: Motion) -> tuple[Rays, NDArray[np.floating]]:
    """Rays in the frame of the resting patient, and the scale of each view, (views, 1).

    Multiply line integrals along the rays by the scale.
    """
    sway = _sway(motion, geometry.views)[:, None]
    angle, offset = geometry.rays()
    x, y = motion.shift
    scale = 1 + motion.breathing * sway
    offset = offset - sway * (x * np.cos(angle) + y * np.sin(angle))
    return Rays(angle - math.radians(motion.rotation) * sway, offset / scale), scale


def blurred(image: Tensor, spacing_mm: float, motion: Motion) -> Tensor:
    """Mean of the slice over the positions of a rotation: blur of motion without streaks.

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


def rms_displacement(motion: Motion, shape: tuple[int, int], spacing_mm: float) -> Tensor:
    """Root mean square of the displacement of each pixel about its mean, mm: float32, ``shape``."""
    axis = max(shape) // 2
    right = (torch.arange(shape[1]) - axis) * spacing_mm
    up = (axis - torch.arange(shape[0]))[:, None] * spacing_mm
    turn, grow = math.radians(motion.rotation), motion.breathing
    across = motion.shift[0] + grow * right - turn * up
    along = motion.shift[1] + grow * up + turn * right
    return torch.hypot(across, along) * float(_sway(motion, _POSITIONS).std())


def _places(motion: Motion, width: float) -> Tensor:
    """Affine transform of the resting patient for each position, (positions, 2, 3).

    In the coordinates of torch: x right, y down, from -1 to 1 over ``width`` mm.
    """
    sway = torch.from_numpy(_sway(motion, _POSITIONS))
    angle = torch.deg2rad(motion.rotation * sway)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    turned = torch.stack((cosine, -sine, sine, cosine), -1).reshape(-1, 2, 2)
    x, y = motion.shift
    shift = sway[:, None] * torch.tensor((-x, y), dtype=sway.dtype) * (2 / width)
    placed = torch.cat((turned, (turned @ shift[..., None])), -1)
    return placed / (1 + motion.breathing * sway)[:, None, None]


def _sway(motion: Motion, steps: int) -> NDArray[np.floating]:
    """Displacement relative to the amplitude at each step of a rotation; its mean is 0."""
    turn = np.arange(steps) / steps
    sway = np.sin(2 * math.pi * (motion.periods * turn + motion.phase))
    return sway - sway.mean()
