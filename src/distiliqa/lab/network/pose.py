"""Canonical pose of a slice, so that flips and shifts do not change its scores.

The content of the window is shifted to the middle, and flipped so that its longer tail points right
and down. A flip or a shift of the slice changes the way there, and nothing else.
Source: Kaba et al. 2023, Equivariance with Learned Canonicalization Functions, arXiv 2211.06489,
with moments in the place of a learned function.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

_MAX_SHIFT_PART = 8  # part of the side by which content is moved at most
_NOTHING = 1e-6
_HALF = 1e-3
_SYMMETRIC = 1e-6  # a tail whose sign may be rounding


class Pose(NamedTuple):
    """Pose of slices: p from the middle of the pose is offset + direction p in the slice.

    Attributes
    ----------
    offset : (N, 2), whole pixels, of rows and columns.
    direction : (N, 2), 1 or -1.
    """

    offset: Tensor
    direction: Tensor


def pose_of(image: Tensor) -> Pose:
    """Compute the pose of windowed slices, (N, 1, S, S) in [0, 1]."""
    ones = torch.ones(image.shape[-1], 1, device=image.device, dtype=image.dtype)
    # Products with ones: runtimes sum along columns slowly.
    sums = [image[:, 0] @ ones, image[:, 0].transpose(1, 2) @ ones]
    profiles = torch.stack(sums, dim=1).squeeze(3)  # (N, 2, S)
    at = from_middle(image)
    shares = profiles / profiles.sum(dim=2, keepdim=True).clamp_min(_NOTHING)
    center = (shares * at).sum(dim=2, keepdim=True)
    tail = (shares * ((at - center) / image.shape[-1]) ** 3).sum(dim=2)
    limit = image.shape[-1] // _MAX_SHIFT_PART
    # Half pixels go away from the middle, also where rounding leaves a little less than a half.
    whole = (center.abs() + 0.5 + _HALF).floor() * center.sign()
    offset = whole.squeeze(2).clamp(-limit, limit)
    return Pose(offset, torch.where(tail < -_SYMMETRIC, -1.0, 1.0))


def posed(image: Tensor, pose: Pose) -> Tensor:
    """Bring slices (N, 1, S, S) into the canonical pose; air fills the border."""
    last = image.shape[-1] - 1
    # Whole numbers of half pixels: in reduced precision others would miss their pixels.
    steps = 2 * torch.arange(last + 1, device=image.device) - last
    offset, direction = (part.long()[:, :, None] for part in pose)
    source = (last + 2 * offset + direction * steps) // 2
    inside = ((source >= 0) & (source <= last)).to(image.dtype)
    slices = pose.direction[:, :1].abs().cumsum(dim=0).long() - 1  # 0, 1, ... (N, 1)
    places = source.clamp(0, last) + (last + 1) * slices[..., None]  # rows of all slices in one
    rows, columns = places.unbind(dim=1)  # (N, S) each
    turned = _chosen(image[:, 0], rows) * inside[:, 0, :, None]
    return (_chosen(turned.transpose(1, 2), columns) * inside[:, 1, :, None]).transpose(1, 2)[
        :, None
    ]


def _chosen(images: Tensor, rows: Tensor) -> Tensor:
    """Rows of images (N, S, S); they are numbered through all images, (N, S)."""
    found = images.reshape(-1, images.shape[-1]).index_select(0, rows.flatten())
    return found.reshape(-1, *images.shape[1:])


def unposed(grid: Tensor, pose: Pose, stride: int) -> Tensor:
    """Bring a map of parts of posed slices, (N, r, r), back to the pose of the slices.

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
    """Distance of the rows, or columns, of a square from its middle: (S,)."""
    side = grid.shape[-1]
    return torch.arange(side, dtype=torch.float32, device=grid.device) - (side - 1) / 2
