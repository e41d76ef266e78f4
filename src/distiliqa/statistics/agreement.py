"""How well predicted scores agree with the ratings: correlations and errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import kendalltau, rankdata

from distiliqa.errors import DistiliqaError

# The published order, which the tables keep.
METRICS = ("overall", "plcc", "srocc", "krocc", "mae", "mse")


@dataclass(frozen=True)
class Agreement:
    """Agreement of predictions with labels.

    Attributes
    ----------
    overall : plcc + srocc + krocc, in [0, 3].
    plcc, srocc, krocc : absolute values of the correlations of Pearson, of Spearman, and of
        Kendall (tau-b), in [0, 1]; 0 where undefined.
    mae, mse : mean absolute and mean squared error, in units of the labels and their square.
    n : number of images.
    notes : what the numbers do not say, such as a correlation that is undefined or negative.
    """

    overall: float
    plcc: float
    srocc: float
    krocc: float
    mae: float
    mse: float
    n: int
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, float]:
        """The six numbers by name, in the published order."""
        return {metric: getattr(self, metric) for metric in METRICS}


def plcc(predicted: ArrayLike, true: ArrayLike) -> float | None:
    """Linear correlation of Pearson, signed; None if either side is constant.

    Parameters
    ----------
    predicted, true : (n,).
    """
    x, y = _pair(predicted, true)
    if _is_constant(x) or _is_constant(y):
        return None
    x, y = x - x.mean(), y - y.mean()
    return float(np.clip(x @ y / np.sqrt((x @ x) * (y @ y)), -1, 1))


def srocc(predicted: ArrayLike, true: ArrayLike) -> float | None:
    """Rank correlation of Spearman, ties at their mean rank, signed; None if a side is constant."""
    x, y = _pair(predicted, true)
    return plcc(rankdata(x), rankdata(y))


def krocc(predicted: ArrayLike, true: ArrayLike) -> float | None:
    """Rank correlation of Kendall, tau-b, signed; None if either side is constant.

    tau-b corrects for ties (Kendall 1945, doi 10.1093/biomet/33.3.239): ratings are full of them.
    """
    x, y = _pair(predicted, true)
    if _is_constant(x) or _is_constant(y):
        return None
    return float(kendalltau(x, y, variant="b").statistic)


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
    predicted, true : (n,), n >= 1.

    Raises
    ------
    DistiliqaError : a prediction or a label is not finite.
    ValueError : the shapes differ, or there is nothing to compare.
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
    )


def overall(predicted: ArrayLike, true: ArrayLike) -> float:
    """Sum of the absolute correlations, in [0, 3]: the figure models are chosen by."""
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
