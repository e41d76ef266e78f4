"""All slices of a run on the GPU that trains, so that a batch is two numbers an image.

A slice takes 0.5 MiB there as it does in the cache, so that 80 GiB hold the half of 160 000; the
symmetries and the rescale are then made there too.
"""

from __future__ import annotations

from collections.abc import Sequence

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback
from torch import Tensor

from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.dataset import Draw, RatedDataset, as_drawn
from distiliqa.lab.train.rating import RatingModule

_AT_ONCE = 256


class ResidentSlices:
    """The slices of a cache on a device.

    Parameters
    ----------
    cache : what is copied, as it is stored.
    device : where to.
    """

    def __init__(self, cache: SliceCache, device: torch.device) -> None:
        # Signed and masked below: torch indexes and converts few unsigned types.
        self.levels = torch.empty(cache.images.shape, dtype=torch.int16, device=device)
        for start in range(0, len(cache), _AT_ONCE):
            levels = np.array(cache.images[start : start + _AT_ONCE]).view(np.int16)
            self.levels[start : start + _AT_ONCE] = torch.from_numpy(levels)

    def shown(self, index: Tensor, transform: Tensor, scale: Tensor) -> Tensor:
        """The slices at positions (N,), each as drawn: float32, (N, 1, size, size), in [0, 1]."""
        levels = self.levels[index.to(self.levels.device)].int() & 0xFFFF
        images = (levels.float() / 0xFFFF)[:, None]
        draws = map(Draw, transform.tolist(), scale.tolist())
        return torch.stack([as_drawn(*each) for each in zip(images, draws, strict=True)])


class Residence(Callback):
    """Before it trains, moves the slices to the GPU if they fit in half of its free memory."""

    def __init__(self, cache: SliceCache, datasets: Sequence[RatedDataset]) -> None:
        self.cache, self.datasets = cache, datasets

    def on_fit_start(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        assert isinstance(module, RatingModule)
        if has_room(module.device, self.cache.images.nbytes):
            module.slices = ResidentSlices(self.cache, module.device)
            for dataset in self.datasets:
                dataset.pixels = False

    def on_fit_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        assert isinstance(module, RatingModule)
        module.slices = None


def has_room(device: torch.device, size: int) -> bool:
    """Whether ``size`` bytes leave a GPU the half of its free memory; no CPU needs them twice."""
    return device.type == "cuda" and 2 * size <= torch.cuda.mem_get_info(device)[0]
