"""Local quality map: a linear head, fitted to images of which a known part is worse.

Such an image is composed of two versions of one slice. The trained network stays as it is. A ridge
regression (Hoerl & Kennard 1970, doi 10.1080/00401706.1970.10488634) leads from the features of a
patch to the label of the version that the patch was taken from. The map costs one matrix product.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d

from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.data.composites import RADIUS, versions_of
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.network.graph import LocalHead
from distiliqa.lab.network.network import Features, Network, patch_features
from distiliqa.lab.network.pose import posed
from distiliqa.models.config import MIN_SHOWN

MIN_DIFFERENCE = 0.1  # of the two labels, as a share of the range of all


class Composite(NamedTuple):
    """Image with a disc that is worse than the rest.

    Attributes
    ----------
    image : float32, (size, size), windowed, in [0, 1].
    worse : (size, size), where it is the worse version.
    labels : of the better version, and of the worse one.
    """

    image: NDArray[np.float32]
    worse: NDArray[np.bool_]
    labels: tuple[float, float]


def composites(
    images: Sequence[RatedImage],
    cache: SliceCache,
    positions: Sequence[int],
    *,
    seed: int,
    higher_is_better: bool = True,
) -> Iterator[Composite]:
    """Compose images of every two versions of one slice: a disc of the worse in the better one.

    Versions are images of one source, and of one ``patient`` where the manifest has that column,
    whose labels differ by a tenth of the range or more. The disc lies in the body.

    Parameters
    ----------
    positions : positions of the images to use, in ``images`` and ``cache``.
    """
    scores = np.array([images[at].score for at in positions])
    limit = MIN_DIFFERENCE * float(np.ptp(scores))
    rng, sign = np.random.default_rng(seed), 1 if higher_is_better else -1
    for versions in versions_of(images, positions):
        for one, other in combinations(versions, 2):
            better, worse = sorted((one, other), key=lambda at: -sign * images[at].score)
            labels = images[better].score, images[worse].score
            if sign * (labels[0] - labels[1]) >= max(limit, 1e-9):
                yield _composite(cache.array(better), cache.array(worse), labels, rng)


def _composite(
    better: NDArray[np.float32],
    worse: NDArray[np.float32],
    labels: tuple[float, float],
    rng: np.random.Generator,
) -> Composite:
    inside = disc(better, rng)
    return Composite(np.where(inside, worse, better), inside, labels)


def disc(shown: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.bool_]:
    """Disc around a random place of a windowed slice that is not air, (size, size)."""
    places = np.argwhere(shown > MIN_SHOWN)
    row, column = places[rng.integers(len(places))] if len(places) else (0, 0)
    radius = rng.uniform(*RADIUS)
    rows, columns = np.ogrid[: shown.shape[0], : shown.shape[1]]
    return np.hypot(rows - row, columns - column) <= radius


RIDGE = 1e-3  # relative to the sum of squares of a standardized feature


def fit_local_head(network: Network, examples: Iterable[Composite]) -> LocalHead | None:
    """Fit the head for a trained network in eval mode; None where there are no examples."""
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
    """Weights and bias from sums over rows that end in 1, with a penalty on large weights."""
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
            torch.from_numpy(array.astype(np.float32))[None, None].to(device)
            for array in (example.image, example.worse)
        )
        known = network.features(image, patches=True)
        if known.pose is not None:
            worse = posed(worse, known.pose)
        features = patch_features(known.grid, known.tokens.patches)[0].double().cpu().numpy()
        shown = _of_patches(known.image, known) > MIN_SHOWN
        share, (better, lower) = _of_patches(worse, known), example.labels
        yield features[shown], ((1 - share) * better + share * lower)[shown]


def _of_patches(image: Tensor, known: Features) -> NDArray[np.float64]:
    """Mean of an image (1, 1, S, S) in each patch, (n,)."""
    means = avg_pool2d(image, image.shape[-1] // known.grid.shape[-1])
    return means.flatten().double().cpu().numpy()
