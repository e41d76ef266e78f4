"""Computation of ``model.onnx``: scores, distance from the training images, local quality map."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d

from distiliqa.files import atomic_path
from distiliqa.lab.network.network import Features, Network
from distiliqa.lab.network.pose import unposed
from distiliqa.models.config import DISTANCE, HEATMAP, OUTPUT

_MIN_DEVIATION = 1e-3
_PARTS = 4  # along a side of the slice: where the body is, lungs, and what surrounds it


def image_statistics(known: Features) -> Tensor:
    """Statistics that differ between kinds of images, (N, 2 C + 16).

    Mean and logarithm of the standard deviation of each channel of the patches, and the means of
    4 x 4 parts of the slice as the network sees it.
    """
    patches = known.grid.flatten(2)
    spread = patches.var(dim=2, correction=0).sqrt() + _MIN_DEVIATION
    layout = avg_pool2d(known.image, known.image.shape[-1] // _PARTS).flatten(1)
    return torch.cat([patches.mean(dim=2), spread.log(), layout], dim=1)


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

    def forward(self, grid: Tensor, tokens: Tensor) -> Tensor:  # (N, C, r, c), (N, 1 + r c, C)
        scores = patch_features(grid, tokens) @ self.weight + self.bias
        return scores.unflatten(1, tuple(grid.shape[2:]))  # (N, r, c)


def patch_features(grid: Tensor, tokens: Tensor) -> Tensor:
    """Features of each patch, (N, r c, 2 C), from (N, C, r, c) and (N, 1 + r c, C)."""
    return torch.cat([grid.flatten(2).transpose(1, 2), tokens[:, 1:]], dim=2)


class ScoringGraph(nn.Module):
    """Network with its calibration, which is fitted once the network is trained.

    Takes the windowed slice (N, 1, 512, 512) in [0, 1]; gives the outputs named by ``names``:
    ``scores`` (N, outputs), ``distance`` (N,), ``heatmap`` (N, rows, columns).
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
    def names(self) -> tuple[str, ...]:
        """Names of the outputs, in their order."""
        known = {OUTPUT: True, DISTANCE: self.domain is not None, HEATMAP: self.local is not None}
        return tuple(name for name, there in known.items() if there)

    def forward(self, image: Tensor) -> tuple[Tensor, ...]:
        known = self.network.features(image)
        found = [self.network.vit.rate(known.tokens)]
        if self.domain is not None:
            found.append(self.domain(image_statistics(known)))
        if self.local is not None:
            found.append(_in_input_pose(self.local(known.grid, known.tokens), known))
        return tuple(found)


def _in_input_pose(heatmap: Tensor, known: Features) -> Tensor:
    """Turn a map (N, r, c) of slices in one pose back to the pose of the input."""
    if known.pose is None:
        return heatmap
    return unposed(heatmap, known.pose, known.image.shape[-1] // heatmap.shape[-1])


def save_calibration(graph: ScoringGraph, path: Path) -> None:
    """Write the calibration of a graph, without its network, as safetensors, atomically."""
    state = {
        name: tensor.contiguous()
        for name, tensor in graph.state_dict().items()
        if not name.startswith("network.")
    }
    with atomic_path(path) as partial:
        save_file(state, partial)


def read_calibration(network: Network, path: Path) -> ScoringGraph:
    """Graph of a network and of the file that `save_calibration` wrote for it."""
    state = load_file(path)
    domain = local = None
    if "domain.mean" in state:
        domain = DomainReference(state["domain.mean"], state["domain.whitening"])
    if "local.weight" in state:
        local = LocalHead(state["local.weight"], state["local.bias"])
    return ScoringGraph(network, domain, local)
