"""Head of a network from few ratings: ridge regression towards the head that it has.

The body is frozen, so that its features are computed once, and the best head has a closed form.
The penalty is on the change of the weights, for features in standard units, and is chosen by
patients left out. With a large penalty the head keeps its weights, and only its bias is fitted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from distiliqa.lab.data.cache import SliceCache
from distiliqa.lab.network.network import Network
from distiliqa.terminal import track

Floats = NDArray[np.float64]

PENALTIES = tuple(10.0 ** np.arange(-2.0, 3.5, 0.5))  # for each image
_FOLDS = 10
_BATCH = 8
_FLOOR = 0.05
_EQUAL = 1.01  # relative error up to which penalties are equally good


@dataclass(frozen=True, eq=False)
class Head:
    """A linear head.

    Attributes
    ----------
    weight : (outputs, channels).
    bias : (outputs,).
    """

    weight: Floats
    bias: Floats

    def __call__(self, features: Floats) -> Floats:
        """Outputs (n, outputs) for features (n, channels)."""
        return features @ self.weight.T + self.bias


@torch.inference_mode()
def class_tokens(network: Network, cache: SliceCache) -> Floats:
    """Features of all slices before the head, (n, channels), of a network in eval mode."""
    device = next(network.parameters()).device
    found = []
    for start in track(range(0, len(cache), _BATCH), "Examining"):
        batch = torch.from_numpy(cache.array(slice(start, start + _BATCH))[:, None]).to(device)
        found.append(network.features(batch, patches=False).tokens.of_class.double().cpu().numpy())
    return np.concatenate(found)


def fit_head(features: Floats, labels: Floats, groups: Sequence[str], start: Head) -> Head:
    """Fit the outputs of a head one by one.

    Parameters
    ----------
    features : (n, channels).
    labels : (n, outputs), NaN where not rated.
    groups : the patient of each image.
    start : the head to stay close to.
    """
    patients = np.asarray(groups)
    fitted = []
    for column in range(labels.shape[1]):
        known = ~np.isnan(labels[:, column])
        left = labels[known, column] - start(features[known])[:, column]
        fitted.append(_ridge(features[known], left, patients[known]))
    change = np.stack([weight for weight, _ in fitted])
    return Head(start.weight + change, start.bias + np.array([bias for _, bias in fitted]))


def _ridge(features: Floats, left: Floats, patients: NDArray[np.str_]) -> tuple[Floats, float]:
    """Change of weights (channels,) and bias that explains what is left (n,)."""
    middle, spread = features.mean(axis=0), features.std(axis=0)
    spread = spread + _FLOOR * spread.mean()  # a channel that hardly varies gets no large weight
    x = (features - middle) / spread
    penalty = _best_penalty(x, left, patients)
    weight = x.T @ _dual(x, left, [penalty])[0] / spread
    return weight, float(left.mean() - weight @ middle)


def _dual(x: Floats, left: Floats, penalties: Sequence[float]) -> list[Floats]:
    """Weights of the images, (n,), for each penalty: ridge regression by its kernel."""
    values, vectors = np.linalg.eigh(x @ x.T)
    turned = vectors.T @ (left - left.mean())
    return [vectors @ (turned / (values + penalty * len(x))) for penalty in penalties]


def _best_penalty(x: Floats, left: Floats, patients: NDArray[np.str_]) -> float:
    """The penalty with the least squared error on patients left out; the largest of equals."""
    names = np.unique(patients)
    errors = np.zeros(len(PENALTIES))
    for fold in range(min(_FOLDS, len(names))):
        out = np.isin(patients, names[fold::_FOLDS])
        inside, mean = x[~out], left[~out].mean()
        # The mean of the rest is not 0, and the intercept takes it up.
        center = inside.mean(axis=0)
        for at, dual in enumerate(_dual(inside - center, left[~out], PENALTIES)):
            predicted = (x[out] - center) @ ((inside - center).T @ dual) + mean
            errors[at] += np.square(predicted - left[out]).sum()
    return PENALTIES[int(np.flatnonzero(errors <= _EQUAL * errors.min())[-1])]
