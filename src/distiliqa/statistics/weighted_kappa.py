"""Cohen's weighted kappa of two readers, with its large-sample interval."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

Weights = Literal["linear", "quadratic"]
LEVEL = 0.95


class Kappa(NamedTuple):
    """Weighted kappa.

    Attributes
    ----------
    value : float
        1 for readers who agree, 0 for chance; it may be below 0.
    interval : tuple[float, float]
        Of 95 %, within -1 to 1.
    """

    value: float
    interval: tuple[float, float]


def weighted_kappa(
    first: ArrayLike, second: ArrayLike, weights: Weights = "quadratic"
) -> Kappa | None:
    """Agreement of two readers beyond chance, where large disagreements count more.

    The disagreement of two ratings is their difference, or its square: Cohen 1968, doi
    10.1037/h0026256. Ratings need not be evenly spaced. The standard error is that of Fleiss, Cohen
    & Everitt 1969, doi 10.1037/h0028106, which takes the images as independent of each other.

    Parameters
    ----------
    first, second : ArrayLike
        (n,), finite, ratings of the same images on one scale.
    weights : {"linear", "quadratic"}
        Difference, or its square.

    Returns
    -------
    Kappa or None
        None where both readers gave all images the same rating.
    """
    joint, levels = _joint(np.asarray(first, np.float64), np.asarray(second, np.float64))
    if len(levels) < 2:
        return None
    apart = np.abs(levels[:, None] - levels)
    disagreement = (apart if weights == "linear" else apart**2) / _largest(apart, weights)
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    observed = float((joint * disagreement).sum())
    expected = float(rows @ disagreement @ columns)
    value = 1 - observed / expected
    error = _standard_error(joint, 1 - disagreement, value)
    half = NormalDist().inv_cdf((1 + LEVEL) / 2) * error / math.sqrt(np.size(first))
    return Kappa(value, (max(value - half, -1.0), min(value + half, 1.0)))


def _largest(apart: NDArray[np.float64], weights: Weights) -> float:
    largest = float(apart.max())
    return largest if weights == "linear" else largest**2


def _joint(
    first: NDArray[np.float64], second: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Share of the images with each pair of ratings, and the ratings that occur."""
    levels, places = np.unique(np.concatenate([first, second]), return_inverse=True)
    joint = np.zeros((len(levels), len(levels)))
    np.add.at(joint, (places[: len(first)], places[len(first) :]), 1 / len(first))
    return joint, levels


def _standard_error(
    joint: NDArray[np.float64], agreement: NDArray[np.float64], value: float
) -> float:
    """Standard error times the root of n, with weights of agreement from 0 to 1."""
    rows, columns = joint.sum(axis=1), joint.sum(axis=0)
    expected = float(rows @ agreement @ columns)
    mean = (agreement @ columns)[:, None] + rows @ agreement
    spread = float((joint * (agreement - mean * (1 - value)) ** 2).sum())
    variance = spread - (value - expected * (1 - value)) ** 2
    return math.sqrt(max(variance, 0.0)) / (1 - expected)
