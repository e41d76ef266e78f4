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
from torch.nn import functional

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
    # A product with ones: runtimes sum down columns slowly.
    ones = torch.ones(1, image.shape[-1], device=image.device, dtype=image.dtype)
    sums = [image.sum(dim=3), (ones @ image).squeeze(2)]
    profiles = torch.cat(sums, dim=1)  # (N, 2, S)
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
    side = image.shape[-1]
    there = torch.arange(side, device=image.device)
    back = pose.direction[:, :, None] < 0
    source = torch.where(back, side - 1 - there, there) + pose.offset.long()[:, :, None]
    source = torch.where((source >= 0) & (source < side), source, side)  # there lies the air
    slices = pose.direction[:, :1].abs().cumsum(dim=0).long() - 1  # 0, 1, ... (N, 1)
    places = source + (side + 1) * slices[..., None]  # rows are numbered through all slices
    rows, columns = places.unbind(dim=1)  # (N, S) each
    with_air = functional.pad(image, (0, 1, 0, 1))
    turned = _chosen(with_air, rows).transpose(1, 2)  # (N, S + 1, S)
    return _chosen(turned, columns).transpose(1, 2)[:, None]


def _chosen(images: Tensor, rows: Tensor) -> Tensor:
    """Rows of images of S columns, (N, S', S), which are numbered through all images, (N, R)."""
    columns = images.shape[-1]
    found = images.reshape(-1, columns).index_select(0, rows.flatten())
    return found.reshape(-1, rows.shape[1], columns)  # (N, R, S)


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
    grid = grid.to(rows.dtype)  # of a network in half precision
    return rows @ grid @ columns.transpose(1, 2)


def from_middle(grid: Tensor) -> Tensor:
    """Distance of the rows, or columns, of a square from its middle: (S,)."""
    side = grid.shape[-1]
    return torch.arange(side, dtype=torch.float32, device=grid.device) - (side - 1) / 2
