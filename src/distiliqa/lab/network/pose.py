"""One pose for all slices that show the same: flips and shifts of a slice leave its scores alone.

What the window shows is brought to the middle, and turned so that its longer tail points right and
down; a flip or a shift of the slice changes which way it is brought there and nothing else.
Source: Kaba et al. 2023, Equivariance with Learned Canonicalization Functions, arXiv 2211.06489,
with moments in the place of a learned function.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_FARTHEST = 8  # part of the side by which content is moved at most
_NOTHING = 1e-6
_HALF = 1e-3
_SYMMETRIC = 1e-6  # a tail that rounding may turn about


class Pose(NamedTuple):
    """How slices lie: what is at p from the middle of the pose is at offset + direction p in them.

    Attributes
    ----------
    offset : (N, 2), whole pixels, of rows and columns.
    direction : (N, 2), 1 or -1.
    """

    offset: Tensor
    direction: Tensor


def pose_of(image: Tensor) -> Pose:
    """The pose of windowed slices, (N, 1, S, S) in [0, 1]."""
    profiles = torch.stack([image.sum(dim=(1, 3)), image.sum(dim=(1, 2))], dim=1)  # (N, 2, S)
    at = from_middle(image)
    shares = profiles / profiles.sum(dim=2, keepdim=True).clamp_min(_NOTHING)
    center = (shares * at).sum(dim=2, keepdim=True)
    tail = (shares * ((at - center) / image.shape[-1]) ** 3).sum(dim=2)
    farthest = image.shape[-1] // _FARTHEST
    # Half pixels go away from the middle, also where rounding leaves a little less than a half.
    whole = (center.abs() + 0.5 + _HALF).floor() * center.sign()
    offset = whole.squeeze(2).clamp(-farthest, farthest)
    return Pose(offset, torch.where(tail < -_SYMMETRIC, -1.0, 1.0))


def posed(image: Tensor, pose: Pose) -> Tensor:
    """The slices (N, 1, S, S) in one pose; what comes from beyond their border is air."""
    last = image.shape[-1] - 1
    # Whole numbers of half pixels: in reduced precision others would miss their pixels.
    steps = 2 * torch.arange(last + 1, device=image.device) - last
    offset, direction = (part.long()[:, :, None] for part in pose)
    source = (last + 2 * offset + direction * steps) // 2
    inside = ((source >= 0) & (source <= last)).to(image.dtype)
    rows, columns = source.clamp(0, last).unbind(dim=1)  # (N, S) each
    image = image.gather(2, rows[:, None, :, None].expand_as(image))
    image = image.gather(3, columns[:, None, None, :].expand_as(image))
    return image * inside[:, :1, :, None] * inside[:, 1:, None, :]


def unposed(grid: Tensor, pose: Pose, stride: int) -> Tensor:
    """A map of parts of posed slices, (N, r, r), as their parts lie in the slices.

    Parameters
    ----------
    stride : side of a part, pixels. Parts that fall between others are interpolated linearly.
    """
    parts = grid.shape[-1]
    at, middle = from_middle(grid), (parts - 1) / 2
    source = middle + pose.direction[:, :, None] * (at - pose.offset[:, :, None] / stride)
    apart = source.clamp(0, parts - 1)[..., None] - (at + middle)  # (N, 2, r, r)
    rows, columns = (1 - apart.abs()).clamp_min(0).unbind(dim=1)
    return rows @ grid @ columns.transpose(1, 2)


def from_middle(grid: Tensor) -> Tensor:
    """How far each row, or column, of a square is from its middle: (S,)."""
    side = grid.shape[-1]
    return torch.arange(side, dtype=torch.float32, device=grid.device) - (side - 1) / 2
