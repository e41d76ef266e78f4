"""Batches in an order that depends on the seed and the epoch alone."""

from __future__ import annotations

import torch.distributed
from torch.utils.data import DataLoader, DistributedSampler

from distiliqa.data.dataset import RatedDataset, RatedItem


class EpochSampler(DistributedSampler[RatedItem]):
    """Shuffles by (seed, epoch) and tells the data set the epoch, on one process or many.

    Lightning calls ``set_epoch`` before each epoch, a resumed one too, so that a run that was
    killed and resumed sees the same batches as one that was not.
    """

    def __init__(self, dataset: RatedDataset, *, shuffle: bool, seed: int) -> None:
        spread = torch.distributed.is_initialized()
        super().__init__(
            dataset,
            num_replicas=torch.distributed.get_world_size() if spread else 1,
            rank=torch.distributed.get_rank() if spread else 0,
            shuffle=shuffle,
            seed=seed,
        )
        self.rated = dataset

    def set_epoch(self, epoch: int) -> None:
        """Shuffle and augment as epoch ``epoch``."""
        super().set_epoch(epoch)
        self.rated.set_epoch(epoch)


def make_loader(
    dataset: RatedDataset, *, batch_size: int, workers: int, shuffle: bool = False, seed: int = 0
) -> DataLoader[RatedItem]:
    """A loader of ``dataset``; in a distributed run each process gets its share."""
    return DataLoader(
        dataset,
        batch_size=batch_size,
        sampler=EpochSampler(dataset, shuffle=shuffle, seed=seed),
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
    )
