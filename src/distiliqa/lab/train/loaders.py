"""Batches of rated slices, in an order that depends on the seed and the epoch alone.

The slices of a run can all be on the GPU: a batch is then two numbers an image, and symmetries and
rescaling are computed there. A slice takes 0.5 MiB there, as in the cache: 80 GiB hold half of
160 000.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

import lightning as L
import numpy as np
import torch
import torch.distributed
from torch import Tensor
from torch.utils.data import DataLoader, DistributedSampler

from distiliqa.errors import RecipeError
from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.composites import Disc
from distiliqa.lab.data.dataset import Draw, RatedDataset, RatedItem, as_drawn, composed

TOGETHER = 4  # versions of a slice that stand together where their differences are learned


class EpochSampler(DistributedSampler[RatedItem]):
    """Sampler that shuffles by (seed, epoch) and sets the epoch of the data set.

    Where ``together`` is above 1, so many versions of a slice follow each other.

    Lightning calls ``set_epoch`` before every epoch, also a resumed one: a run that was killed and
    resumed has the same batches as one that was not. The processes of a distributed run take turns:
    their batches together are the batch of one process.
    """

    def __init__(
        self, dataset: RatedDataset, *, shuffle: bool, seed: int, together: int = 1
    ) -> None:
        spread = torch.distributed.is_initialized()
        super().__init__(
            dataset,
            num_replicas=torch.distributed.get_world_size() if spread else 1,
            rank=torch.distributed.get_rank() if spread else 0,
            shuffle=shuffle,
            seed=seed,
        )
        self.rated, self.together = dataset, together
        if together > 1:  # whole groups for each process
            self.num_samples = -(-len(dataset) // (self.num_replicas * together)) * together
            self.total_size = self.num_samples * self.num_replicas

    def set_epoch(self, epoch: int) -> None:
        """Shuffle and augment as epoch ``epoch``."""
        super().set_epoch(epoch)
        self.rated.set_epoch(epoch)

    def __iter__(self) -> Iterator[Any]:
        if self.together == 1:
            return super().__iter__()
        order = [item for group in self._groups() for item in group]
        filled = np.resize(order, self.total_size)  # the first ones again
        groups = filled.reshape(-1, self.num_replicas, self.together)
        return iter(groups[:, self.rank].flatten().tolist())

    def _groups(self) -> list[list[int]]:
        """Items in groups of versions of one slice, in the order of this epoch."""
        rng = np.random.default_rng((self.seed, self.epoch))
        open_groups: defaultdict[int, list[int]] = defaultdict(list)
        groups = []
        for item in rng.permutation(len(self.rated)).tolist():
            group = open_groups[int(self.rated.version_of[self.rated.indices[item]])]
            group.append(item)
            if len(group) == self.together:
                groups.append(group[:])
                group.clear()
        groups += [group for group in open_groups.values() if group]
        return [groups[at] for at in rng.permutation(len(groups))]


class Batches(L.LightningDataModule):
    """Training and validation images in batches; a process of a distributed run gets its share.

    Lightning creates the loaders after its processes are connected, not before.

    Parameters
    ----------
    training, validation : the images; ``validation`` may be None.
    batch_size : images a batch, over all processes.
    workers : processes that read ahead.
    seed : of the training order. together : versions of a slice that follow each other in it.
    """

    def __init__(
        self,
        training: RatedDataset,
        validation: RatedDataset | None,
        *,
        batch_size: int,
        workers: int = 0,
        seed: int = 0,
        together: int = 1,
    ) -> None:
        super().__init__()
        self.training, self.validation = training, validation
        self.batch_size, self.workers, self.seed = batch_size, workers, seed
        self.together = together

    @property
    def datasets(self) -> Sequence[RatedDataset]:
        """All data sets that batches are loaded from."""
        return [dataset for dataset in (self.training, self.validation) if dataset is not None]

    def train_dataloader(self) -> DataLoader[RatedItem]:
        return self._loader(self.training, shuffle=True)

    def val_dataloader(self) -> Sequence[DataLoader[RatedItem]]:
        return [self._loader(self.validation, shuffle=False)] if self.validation else []

    def _loader(self, dataset: RatedDataset, *, shuffle: bool) -> DataLoader[RatedItem]:
        return DataLoader(
            dataset,
            batch_size=self._share(),
            sampler=EpochSampler(
                dataset,
                shuffle=shuffle,
                seed=self.seed,
                together=self.together if shuffle else 1,
            ),
            num_workers=self.workers,
            pin_memory=torch.cuda.is_available(),
        )

    def _share(self) -> int:
        processes = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
        if self.batch_size % processes:
            raise RecipeError(
                f"{processes} processes cannot share batches of {self.batch_size} evenly",
                remedy="set batch_size to a multiple of the processes",
            )
        return self.batch_size // processes


_AT_ONCE = 256


class ResidentSlices:
    """Slices of a cache, copied to a device as they are stored.

    Parameters
    ----------
    cache : the slices.
    device : the device.
    """

    def __init__(self, cache: SliceCache, device: torch.device) -> None:
        # Signed and masked below: torch indexes and converts few unsigned types.
        self.levels = torch.empty(cache.images.shape, dtype=torch.int16, device=device)
        for start in range(0, len(cache), _AT_ONCE):
            levels = np.array(cache.images[start : start + _AT_ONCE]).view(np.int16)
            self.levels[start : start + _AT_ONCE] = torch.from_numpy(levels)

    def shown(
        self, index: Tensor, transform: Tensor, scale: Tensor, discs: Tensor | None = None
    ) -> Tensor:
        """Augmented slices at positions (N,): float32, (N, 1, size, size), in [0, 1].

        Parameters
        ----------
        discs : (N, 4), see `Disc`; those of radius 0 are none.
        """
        images = list(self._slices(index))
        for at, disc in enumerate([] if discs is None else discs.tolist()):
            partner, *place = disc
            if place[-1]:
                (other,) = self._slices(torch.tensor([int(partner)]))
                images[at] = composed(images[at], other, Disc(int(partner), *place))
        draws = map(Draw, transform.tolist(), scale.tolist())
        return torch.stack([as_drawn(*drawn) for drawn in zip(images, draws, strict=True)])

    def _slices(self, index: Tensor) -> Tensor:
        levels = self.levels[index.to(self.levels.device)].int() & 0xFFFF
        return (levels.float() / 0xFFFF)[:, None]


def has_room(device: torch.device, size: int) -> bool:
    """Test whether ``size`` bytes take at most half of the free memory of a GPU; False on a CPU."""
    return device.type == "cuda" and 2 * size <= torch.cuda.mem_get_info(device)[0]
