"""Losses of denoisers. One network, trained on the same pairs, gets another texture by each."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d, l1_loss, mse_loss

DenoiserLoss = Literal["squared", "absolute", "edge", "texture"]

_EDGE_WEIGHT = 2.0
_TEXTURE_WEIGHT = 3.0
_BANDS = (1, 3, 7, 15)  # pixels: widths of the means whose differences are bands of frequencies
_REGION = 16  # pixels: side of the region that a deviation is taken over
_TINY = 1e-6


def denoiser_loss(name: DenoiserLoss) -> Callable[[Tensor, Tensor], Tensor]:
    """Loss of outputs (n, 1, rows, columns) against clean patches, both in hundreds of HU.

    - ``squared``: smooth, for the mean of all that fits.
    - ``absolute``: the median of it; sharper edges, flat tissue.
    - ``edge``: absolute error of the image and of its differences between neighbors.
    - ``texture``: squared error, and the deviation of each band of frequencies in each region.
    """
    return _LOSSES[name]


def _edge(outputs: Tensor, clean: Tensor) -> Tensor:
    error = outputs - clean
    steps = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    return error.abs().mean() + _EDGE_WEIGHT * steps


def _texture(outputs: Tensor, clean: Tensor) -> Tensor:
    kept = l1_loss(_deviations(outputs), _deviations(clean))
    return mse_loss(outputs, clean) + _TEXTURE_WEIGHT * kept


def _deviations(images: Tensor) -> Tensor:
    """Standard deviation of each band in each region: (n, bands, rows // 16, columns // 16)."""
    means = [avg_pool2d(images, width, 1, width // 2, count_include_pad=False) for width in _BANDS]
    bands = torch.cat([finer - coarser for finer, coarser in pairwise(means)], 1)
    return (avg_pool2d(bands.square(), _REGION) + _TINY).sqrt()


_LOSSES: dict[DenoiserLoss, Callable[[Tensor, Tensor], Tensor]] = {
    "squared": mse_loss,
    "absolute": l1_loss,
    "edge": _edge,
    "texture": _texture,
}
