"""Fit of the map from scores to readers' ratings: a logistic curve between the ends of a scale.

Two parameters, the intercept and the logarithm of the slope, by least squares. With some tens of
ratings a curve of more freedom follows the readers' noise: isotonic regression has as many steps as
it finds, makes scores equal, and is wrong on the next patient.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.least_squares import least_squares
from distiliqa.models.score_map import curve
from distiliqa.models.score_scale import ScoreScale

Floats = NDArray[np.float64]

_FLAT, _STEEP = 1e-3, 50.0  # slope for one standard deviation of the scores
_INSIDE = 0.02  # of the scale: where ratings at its ends begin, as a logarithm has none there


def fit_logistic_map(
    scores: Floats, ratings: Floats, scale: ScoreScale, *, rising: bool
) -> tuple[float, float]:
    """Fit intercept and slope of the curve of `distiliqa.models.score_map`.

    Parameters
    ----------
    scores, ratings : ndarray of float
        (n,), finite; the scores differ.
    scale : ScoreScale
        That of the readers.
    rising : bool
        Whether ratings rise with scores. The slope has this sign, whatever the data say: it is
        next to 0 where they say otherwise.

    Returns
    -------
    tuple[float, float]
        Intercept and slope.
    """
    middle, spread = float(scores.mean()), float(scores.std())
    sign = 1.0 if rising else -1.0
    z = sign * (scores - middle) / spread
    found = least_squares(
        lambda at: _residuals(at, z, ratings, scale),
        _start(z, ratings, scale),
        low=(-np.inf, np.log(_FLAT)),
        high=(np.inf, np.log(_STEEP)),
    )
    slope = sign * float(np.exp(found[1])) / spread
    return float(found[0]) - slope * middle, slope


def _start(z: Floats, ratings: Floats, scale: ScoreScale) -> Floats:
    """A line through the logits of the ratings."""
    share = np.clip((ratings - scale.low) / (scale.high - scale.low), _INSIDE, 1 - _INSIDE)
    slope, intercept = np.polyfit(z, np.log(share / (1 - share)), 1)
    return np.array([intercept, np.log(np.clip(slope, 0.1, _STEEP))])


def _residuals(
    at: NDArray[np.floating], z: Floats, ratings: Floats, scale: ScoreScale
) -> tuple[Floats, Floats]:
    """Errors of the curve, (n,), and their derivatives by intercept and log slope, (n, 2)."""
    span, slope = scale.high - scale.low, np.exp(at[1])
    mapped = curve(z, at[0], slope, scale)
    share = (mapped - scale.low) / span
    steep = span * share * (1 - share)
    return mapped - ratings, np.stack([steep, steep * z * slope], axis=1)
