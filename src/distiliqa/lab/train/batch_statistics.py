"""Running statistics of batch normalization, kept as they are in some steps of a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from torch.nn.modules.batchnorm import _BatchNorm

from distiliqa.lab.network.network import Network
from distiliqa.lab.train.recipe_sections import Layers


def keep_frozen_statistics(network: Network, layers: Layers) -> None:
    """Keep the running statistics of batch normalization in a stem that does not learn."""
    if layers != "all":
        for module in network.stem.modules():
            if isinstance(module, _BatchNorm):
                module.eval()


@contextmanager
def statistics_kept(network: Network) -> Iterator[None]:
    """Keep the running statistics while crops are shown.

    Crops hold less air than whole images, and the network is validated on whole images.
    """
    norms = [module for module in network.modules() if isinstance(module, _BatchNorm)]
    for norm in norms:
        norm.track_running_stats = False
    yield
    for norm in norms:
        norm.track_running_stats = True
