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
from torch import Tensor
from torch.nn.functional import avg_pool2d

from distiliqa.lab.data.composites import Composite
from distiliqa.lab.network.graph import LocalHead, patch_features
from distiliqa.lab.network.network import Features, Network
from distiliqa.lab.network.pose import posed
from distiliqa.models.folder import LEAST_SHOWN

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


@torch.inference_mode()
def _patches(
    network: Network, examples: Iterable[Composite]
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Features (n, 2 C) and labels (n,) of the patches of each image that show something."""
    device = next(network.parameters()).device
    for example in examples:
        image, worse = (
            torch.from_numpy(each.astype(np.float32))[None, None].to(device)
            for each in (example.image, example.worse)
        )
        known = network.features(image)
        if known.pose is not None:
            worse = posed(worse, known.pose)
        features = patch_features(known.grid, known.tokens)[0].double().cpu().numpy()
        shown = _of_patches(known.image, known) > LEAST_SHOWN
        share, (better, lower) = _of_patches(worse, known), example.labels
        yield features[shown], ((1 - share) * better + share * lower)[shown]


def _of_patches(image: Tensor, known: Features) -> NDArray[np.float64]:
    """The mean of an image (1, 1, S, S) in each patch, (n,)."""
    means = avg_pool2d(image, image.shape[-1] // known.grid.shape[-1])
    return means.flatten().double().cpu().numpy()
