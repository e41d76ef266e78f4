"""Slices as tensors."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def batch(*slices: np.ndarray) -> Tensor:
    """Slices (H, W) as a batch (B, 1, H, W)."""
    return torch.from_numpy(np.stack(slices)[:, None])
