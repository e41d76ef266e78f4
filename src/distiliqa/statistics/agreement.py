"""Agreement of predicted scores with ratings: correlations and errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.errors import DistiliqaError

# The published order, which the tables keep.
METRICS = ("overall", "plcc", "srocc", "krocc", "mae", "mse")
SIGNED = ("signed_plcc", "signed_srocc", "signed_krocc")
FIGURES = (*METRICS, "rmse", *SIGNED)


@dataclass(frozen=True)
class Agreement:
    """Agreement of predictions with labels.

    Attributes
    ----------
    overall : float
        Plcc + srocc + krocc, in [0, 3].
    plcc, srocc, krocc : float
        Absolute values of the correlations of Pearson, of Spearman, and of Kendall (tau-b), in [0,
        1]; 0 where undefined.
    mae, mse : float
        Mean absolute and mean squared error, in units of the labels and their square.
    n : int
        Number of images.
    notes : tuple[str, ...]
        Warnings, such as a correlation that is undefined or negative.
    signed_plcc, signed_srocc, signed_krocc : float or None
        The correlations with their sign, in [-1, 1]; None where undefined. A mean over several sets
        of images takes these: the mean of absolute values is above 0 also for chance.
    """

    overall: float
    plcc: float
    srocc: float
    krocc: float
    mae: float
    mse: float
    n: int
    notes: tuple[str, ...] = ()
    signed_plcc: float | None = None
    signed_srocc: float | None = None
    signed_krocc: float | None = None

    @property
    def rmse(self) -> float:
        """Root of the mean squared error, in units of the labels."""
        return math.sqrt(self.mse)

    def as_dict(self) -> dict[str, float]:
        """Six figures by name, in the published order."""
        return {metric: getattr(self, metric) for metric in METRICS}

    def figures(self) -> dict[str, float | None]:
        """All of `FIGURES` by name; a signed correlation that is undefined is None."""
        return {figure: getattr(self, figure) for figure in FIGURES}


def plcc(predicted: ArrayLike, true: ArrayLike) -> float | None:
    """Linear correlation of Pearson, signed; None if either side is constant.

    Parameters
    ----------
    predicted, true : ArrayLike
        (n,).
    """
    x, y = _pair(predicted, true)
    if _is_constant(x) or _is_constant(y):
        return None
    x, y = x - x.mean(), y - y.mean()
    return float(np.clip(x @ y / np.sqrt((x @ x) * (y @ y)), -1, 1))


def srocc(predicted: ArrayLike, true: ArrayLike) -> float | None:
    """Rank correlation of Spearman, ties at their mean rank, signed; None if a side is constant."""
    x, y = _pair(predicted, true)
    return plcc(mean_ranks(x), mean_ranks(y))


def krocc(predicted: ArrayLike, true: ArrayLike) -> float | None:
    """Rank correlation of Kendall, tau-b, signed; None if either side is constant.

    tau-b corrects for ties (Kendall 1945, doi 10.1093/biomet/33.3.239): ratings are full of them.
    Discordant pairs are inversions of one side in the order of the other (Knight 1966,
    doi 10.1080/01621459.1966.10480879).
    """
    x, y = _pair(predicted, true)
    if _is_constant(x) or _is_constant(y):
        return None
    order = np.lexsort((y, x))
    discordant = _inversions(_dense_ranks(y)[order])
    pairs = _pairs(np.array([len(x)]))
    tied_x, tied_y = (_pairs(np.unique(side, return_counts=True)[1]) for side in (x, y))
    joint = np.column_stack([_dense_ranks(x), _dense_ranks(y)])
    tied = _pairs(np.unique(joint, axis=0, return_counts=True)[1])
    difference = pairs - tied_x - tied_y + tied - 2 * discordant
    tau = difference / math.sqrt(pairs - tied_x) / math.sqrt(pairs - tied_y)
    return min(1.0, max(-1.0, tau))


def mean_ranks(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank of each value from 1, (n,); equal values share their mean rank."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[inverse]


def _dense_ranks(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Rank of each value from 0 among the different values, (n,)."""
    return np.unique(values, return_inverse=True)[1]


def _pairs(counts: NDArray[np.int64]) -> int:
    """Number of pairs within groups of these sizes."""
    return int((counts * (counts - 1) // 2).sum())


def _inversions(ranks: NDArray[np.int64]) -> int:
    """Number of pairs whose first rank is the higher one, in O(n log n).

    The highest bit in which two ranks differ decides. For one bit after the other, ranks are sorted
    stably by their bits above it; then a 0 has as many inversions as there are 1s before it in its
    group.
    """
    total = 0
    for bit in reversed(range(int(ranks.max()).bit_length())):
        ranks = ranks[np.argsort(ranks >> (bit + 1), kind="stable")]
        ones, group = (ranks >> bit) & 1, ranks >> (bit + 1)
        before = np.cumsum(ones) - ones
        start = np.searchsorted(group, group)
        total += int((before - before[start])[ones == 0].sum())
    return total


def mae(predicted: ArrayLike, true: ArrayLike) -> float:
    """Mean absolute error, in units of the labels."""
    x, y = _pair(predicted, true)
    return float(np.abs(x - y).mean())


def mse(predicted: ArrayLike, true: ArrayLike) -> float:
    """Mean squared error, in squared units of the labels."""
    x, y = _pair(predicted, true)
    return float(np.square(x - y).mean())


def agreement(predicted: ArrayLike, true: ArrayLike) -> Agreement:
    """All six metrics as DistilIQA publishes them (doi 10.1016/j.compbiomed.2024.108670).

    Parameters
    ----------
    predicted, true : ArrayLike
        (n,), n >= 1.

    Raises
    ------
    DistiliqaError
        A prediction or a label is not finite.
    ValueError
        The shapes differ, or there is nothing to compare.
    """
    signed = {"plcc": plcc(predicted, true), "srocc": srocc(predicted, true)}
    signed["krocc"] = krocc(predicted, true)
    absolute = {name: abs(value or 0.0) for name, value in signed.items()}
    return Agreement(
        overall=sum(absolute.values()),
        **absolute,
        mae=mae(predicted, true),
        mse=mse(predicted, true),
        n=np.size(true),
        notes=_notes(signed, predicted, true),
        signed_plcc=signed["plcc"],
        signed_srocc=signed["srocc"],
        signed_krocc=signed["krocc"],
    )


def overall(predicted: ArrayLike, true: ArrayLike) -> float:
    """Sum of the absolute correlations, in [0, 3]: the figure for the choice of models."""
    return agreement(predicted, true).overall


def _notes(
    signed: dict[str, float | None], predicted: ArrayLike, true: ArrayLike
) -> tuple[str, ...]:
    if None in signed.values():
        sides = (("predictions", predicted), ("labels", true))
        constant = " and ".join(name for name, side in sides if _is_constant(np.asarray(side)))
        return (f"constant {constant}: correlations are undefined and given as 0",)
    negative = [name for name, value in signed.items() if value is not None and value < 0]
    return (f"negative, given as absolute value: {', '.join(negative)}",) if negative else ()


def _is_constant(values: NDArray[np.floating]) -> bool:
    return bool(np.ptp(values) == 0)


def _pair(predicted: ArrayLike, true: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    x, y = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    if x.ndim != 1 or x.shape != y.shape or x.size == 0:
        raise ValueError(f"expected two equally long vectors, got {x.shape} and {y.shape}")
    for side, name in ((x, "prediction"), (y, "label")):
        if not np.isfinite(side).all():
            i = int(np.flatnonzero(~np.isfinite(side))[0])
            raise DistiliqaError(
                f"the {name} of image {i} is {side[i]}", remedy="check the model and its training"
            )
    return x, y
