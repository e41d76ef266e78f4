"""Computation of ``model.onnx``: scores, distance from the training images, map, processing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from distiliqa.lab.network.network import (
    Features,
    Network,
    in_input_pose,
    patch_features,
)
from distiliqa.models.config import DISTANCE, HEATMAP, OUTPUT, PROCESSED

_MIN_DEVIATION = 1e-3
_PARTS = 4  # along a side of the slice: where the body is, lungs, and what surrounds it


def image_statistics(known: Features) -> Tensor:
    """Statistics that differ between kinds of images, (N, 2 C + 16).

    Mean and logarithm of the standard deviation of each channel of the patches, and the means of
    4 x 4 parts of the slice as the network sees it.
    """
    patches = known.grid.flatten(2)
    spread = patches.var(dim=2, correction=0).sqrt() + _MIN_DEVIATION
    return torch.cat([patches.mean(dim=2), spread.log(), _means(known.image)], dim=1)


def _means(image: Tensor) -> Tensor:
    """Means of 4 x 4 parts of slices (N, 1, S, S): (N, 16)."""
    side = image.shape[-1] // _PARTS
    # Products with ones, first down the columns: runtimes pool large windows slowly.
    down = image.new_full((1, side), 1 / side) @ image.reshape(-1, side, image.shape[-1])
    return (down.reshape(-1, side) @ image.new_full((side, 1), 1 / side)).reshape(-1, _PARTS**2)


class DomainReference(nn.Module):
    """Mahalanobis distance of the statistics of an image from the training images.

    It is relative to the limit of the domain: above 1 is out of domain. After Lee et al. 2018,
    arXiv 1807.03888.

    Parameters
    ----------
    mean : (d,), of the `image_statistics` of the training images. whitening : (d, d), divided by
        the limit.
    """

    def __init__(self, mean: Tensor, whitening: Tensor) -> None:
        super().__init__()
        self.mean, self.whitening = nn.Buffer(mean), nn.Buffer(whitening)

    def forward(self, statistics: Tensor) -> Tensor:  # (N, d)
        offset = statistics - self.mean
        return (offset @ self.whitening).square().sum(dim=1).sqrt()  # (N,)


class LocalHead(nn.Module):
    """Linear head that predicts the score of each patch alone.

    Its input are the features of a patch before and after the transformer.

    Parameters
    ----------
    weight : (2 C,). bias : ().
    """

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        super().__init__()
        self.weight, self.bias = nn.Buffer(weight), nn.Buffer(bias)

    def forward(self, known: Features) -> Tensor:
        scores = patch_features(known.grid, known.tokens.patches) @ self.weight + self.bias
        return scores.unflatten(1, tuple(known.grid.shape[2:]))  # (N, r, c)


class ScoringGraph(nn.Module):
    """Network with its calibration, which is fitted once the network is trained.

    Takes the windowed slice (N, 1, 512, 512) in [0, 1]; gives the outputs named by ``names``:
    ``scores`` (N, outputs), ``distance`` (N,), ``heatmap`` (N, rows, columns), ``processed`` (N,),
    the probability that a slice was processed.

    Parameters
    ----------
    local : head for the heatmap of a network that has none of its own.
    """

    def __init__(
        self,
        network: Network,
        domain: DomainReference | None = None,
        local: LocalHead | None = None,
    ) -> None:
        super().__init__()
        self.network, self.domain, self.local = network, domain, local

    @property
    def has_heatmap(self) -> bool:
        """True if the graph gives a heatmap."""
        return self.local is not None or self.network.config.map

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the outputs, in their order."""
        known = {
            OUTPUT: True,
            DISTANCE: self.domain is not None,
            HEATMAP: self.has_heatmap,
            PROCESSED: self.network.config.processed,
        }
        return tuple(name for name, there in known.items() if there)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        known = self.network.features(image, patches=self.has_heatmap)
        heads = self.network.heads(known)
        quality = heads.map
        if self.local is not None:
            quality = in_input_pose(self.local(known), known)
        found = [
            heads.scores,
            None if self.domain is None else self.domain(image_statistics(known)),
            quality,
            None if heads.processed is None else heads.processed.sigmoid(),
        ]
        return tuple(output for output in found if output is not None)


def read_calibration(network: Network, path: Path) -> ScoringGraph:
    """Graph of a network and of the calibration that folders up to 0.1.0 have in a file."""
    return calibrated(network, load_file(path))


def calibrated(network: Network, state: Mapping[str, Tensor]) -> ScoringGraph:
    """Graph of a network and of the tensors of its calibration, by their names in the graph."""
    domain = local = None
    if "domain.mean" in state:
        domain = DomainReference(state["domain.mean"], state["domain.whitening"])
    if "local.weight" in state:
        local = LocalHead(state["local.weight"], state["local.bias"])
    return ScoringGraph(network, domain, local)
