"""Moves of an image that leave its quality as it is: flips, quarter turns and small shifts."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from distiliqa.lab.data.dataset import SYMMETRIES, apply_symmetry

FARTHEST = 16  # pixels in each direction


def moved(images: Tensor, rng: np.random.Generator) -> Tensor:
    """Windowed slices (N, 1, S, S), flipped or turned, then shifted; air, 0, comes in at the edge.

    No pixel is interpolated. All slices of a batch move alike.
    """
    turned = apply_symmetry(images, int(rng.integers(1, SYMMETRIES)))
    down, right = (int(pixels) for pixels in rng.integers(-FARTHEST, FARTHEST + 1, 2))
    rows, columns = turned.shape[-2:]
    shifted = torch.zeros_like(turned)
    shifted[..., max(down, 0) : rows + min(down, 0), max(right, 0) : columns + min(right, 0)] = (
        turned[..., max(-down, 0) : rows - max(down, 0), max(-right, 0) : columns - max(right, 0)]
    )
    return shifted
