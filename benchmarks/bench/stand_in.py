"""A network of the published layout, fitted to scores: there are no published weights.

Stem and transformer are random, the batch normalizations have the statistics of real slices, and
the head is a ridge regression to the scores that the shipped model gives these slices.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from distiliqa.lab.network import PRESETS, Network

SEED = 0
RIDGE = 0.1  # of the mean square of a feature, for each slice
NORMALIZED_ON = 8  # slices


def stand_in(images: NDArray[np.float32], targets: NDArray[np.floating]) -> Network:
    """The network for windowed slices (n, 1, 512, 512) whose outputs follow ``targets`` (n, k)."""
    torch.manual_seed(SEED)
    network = Network(PRESETS["published"].with_outputs(targets.shape[1]))
    with torch.no_grad():
        normalize(network.stem, images[:: max(len(images) // NORMALIZED_ON, 1)])
        network.eval()
        features = torch.cat([class_token(network, image[np.newaxis]) for image in images])
        weight, bias = ridge(features, torch.from_numpy(targets).float())
        network.vit.heads.weight.copy_(weight)
        network.vit.heads.bias.copy_(bias)
    return network


def normalize(stem: nn.Module, images: NDArray[np.float32]) -> None:
    """Give each batch normalization the mean statistics of the images."""
    for part in stem.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.momentum = None  # a plain mean
    stem.train()
    for image in images:
        stem(torch.from_numpy(image[np.newaxis]))


def class_token(network: Network, image: NDArray[np.float32]) -> Tensor:
    vit = network.vit
    return vit.tokens(vit.conv_proj(network.stem(torch.from_numpy(image)))).of_class


def ridge(features: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
    """Weight (k, c) and bias (k,) for features (n, c) and targets (n, k), in the dual form."""
    middle, mean = features.mean(0), targets.mean(0)
    centered = features - middle
    gram = centered @ centered.T
    penalty = RIDGE * gram.diagonal().mean() * torch.eye(len(gram))
    weight = (centered.T @ torch.linalg.solve(gram + penalty, targets - mean)).T
    return weight, mean - weight @ middle
