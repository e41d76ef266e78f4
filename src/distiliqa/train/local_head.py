"""The head that tells the score of each patch, fitted to images whose worse part is known.

The trained network stays as it is: a ridge regression (Hoerl & Kennard 1970,
doi 10.1080/00401706.1970.10488634) leads from what it knows of a patch to the label of the version
that the patch was taken from. So the map costs one product of matrices.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.data.composites import Composite
from distiliqa.metrics.filters import block_means
from distiliqa.model.graph import LocalHead, patch_features
from distiliqa.model.network import Network
from distiliqa.model_folder import LEAST_SHOWN

RIDGE = 1e-3  # relative to the sum of squares of a standardized feature


def fit_local_head(network: Network, examples: Iterable[Composite]) -> LocalHead | None:
    """The head of a trained network in eval mode; None where there are no examples."""
    sums = None
    for features, targets in _patches(network, examples):
        rows = np.hstack([features, np.ones((len(features), 1))])
        new = rows.T @ rows, rows.T @ targets
        sums = new if sums is None else (sums[0] + new[0], sums[1] + new[1])
    if sums is None:
        return None
    solution = _ridge(*sums)
    return LocalHead(
        torch.from_numpy(solution[:-1]).float(), torch.tensor(solution[-1], dtype=torch.float32)
    )


def _ridge(gram: NDArray[np.float64], moments: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights and bias of sums over rows that end in 1; large weights of a feature cost."""
    count = gram[-1, -1]
    variances = np.diag(gram) - gram[-1] ** 2 / count
    penalty = RIDGE * np.maximum(variances, 1e-9 * variances.max())
    penalty[-1] = 0.0
    return np.linalg.solve(gram + np.diag(penalty), moments).astype(np.float64)


def _patches(
    network: Network, examples: Iterable[Composite]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Features (n, 2 C) and labels (n,) of the patches of each image that show something."""
    for example in examples:
        features, side = _features(network, example.image)
        share = block_means(example.worse, side).ravel()
        better, worse = example.labels
        shown = block_means(example.image, side).ravel() > LEAST_SHOWN
        yield features[shown], ((1 - share) * better + share * worse)[shown]


@torch.inference_mode()
def _features(network: Network, image: NDArray[np.float32]) -> tuple[NDArray[np.float64], int]:
    device = next(network.parameters()).device
    grid = network.vit.conv_proj(network.stem(torch.from_numpy(image)[None, None].to(device)))
    features = patch_features(grid, network.vit.tokens(grid))[0]
    return features.double().cpu().numpy(), grid.shape[-1]
