"""Logistic fit of predictions to labels before linear correlation and error, as VQEG has it.

A method need not know the scale of the readers. VQEG maps its predictions by a monotonic curve,
fitted to the same images, before PLCC and RMSE: "Final report from the Video Quality Experts Group
on the validation of objective models of video quality assessment", phase I, 2000. Rank correlations
do not change under it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import OptimizeWarning, curve_fit
from scipy.special import expit

from distiliqa.statistics.agreement import mse, plcc

Floats = NDArray[np.float64]

MIN_IMAGES = 10  # for four parameters
_MAX_STEPS = 20_000


@dataclass(frozen=True)
class LogisticFit:
    """``low + (high - low) / (1 + exp(-(x - middle) / width))`` and the agreement after it.

    Attributes
    ----------
    low, high : float
        Ends of the curve, in units of the labels; high is below low for a falling curve.
    middle, width : float
        In units of the predictions; the width is positive.
    plcc : float or None
        Of the mapped predictions with the labels, signed; None where undefined.
    rmse : float
        In units of the labels.
    """

    low: float
    high: float
    middle: float
    width: float
    plcc: float | None
    rmse: float


def fit_logistic(predicted: ArrayLike, true: ArrayLike) -> LogisticFit | None:
    """Fit a logistic curve of four parameters by least squares.

    Parameters
    ----------
    predicted, true : ArrayLike
        (n,), finite.

    Returns
    -------
    None for fewer than `MIN_IMAGES` images, for a constant side, and where no curve is found.
    """
    x, y = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    if len(x) < MIN_IMAGES or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    # In standard units, so that steps are of one size for any method.
    center, spread = float(x.mean()), float(x.std())
    z = (x - center) / spread
    rising = (plcc(x, y) or 0.0) >= 0
    ends = (y.min(), y.max()) if rising else (y.max(), y.min())
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", OptimizeWarning)
            (low, high, middle, width), _ = curve_fit(
                _curve, z, y, p0=(*ends, 0.0, 0.5), maxfev=_MAX_STEPS
            )
    except RuntimeError:  # no minimum within the steps
        return None
    mapped = _curve(z, low, high, middle, width)
    return LogisticFit(
        low=float(low),
        high=float(high),
        middle=center + spread * float(middle),
        width=spread * abs(float(width)),
        plcc=plcc(mapped, y),
        rmse=mse(mapped, y) ** 0.5,
    )


def _curve(x: Floats, low: float, high: float, middle: float, width: float) -> Floats:
    return low + (high - low) * expit((x - middle) / max(abs(width), 1e-9))
