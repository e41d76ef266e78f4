"""Predictions and losses of an epoch, gathered from all processes."""

from __future__ import annotations

import lightning as L
import numpy as np
import torch
from torch import Tensor


class Outcomes:
    """Predictions, labels and losses of the images seen in an epoch, by image."""

    def __init__(self) -> None:
        self.rows: list[Tensor] = []

    def add(self, index: Tensor, *values: Tensor) -> None:
        """Keep (N,) values of the images at (N,) positions."""
        columns = [index.float(), *(value.detach().float() for value in values)]
        self.rows.append(torch.stack(columns, dim=1))

    def gathered(self, module: L.LightningModule) -> Tensor:
        """All processes' rows, (images, 1 + values), each image once, ordered by position."""
        rows = torch.cat(self.rows)
        if module.trainer.world_size > 1:
            rows = torch.as_tensor(module.all_gather(rows)).flatten(0, 1)
        rows = rows.cpu().double()
        # A distributed sampler repeats images to give every process as many.
        _, first = np.unique(rows[:, 0].numpy(), return_index=True)
        return rows[first]
