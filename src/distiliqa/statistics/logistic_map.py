"""Fit of the map from scores to readers' ratings: a logistic curve between the ends of a scale.

Two parameters, by least squares (Levenberg & Marquardt; Marquardt 1963, doi 10.1137/0111030). With
some tens of ratings a curve of more freedom follows the readers' noise: isotonic regression has as
many steps as it finds, makes scores equal, and is wrong on the next patient.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.models.score_map import curve
from distiliqa.models.score_scale import ScoreScale

Floats = NDArray[np.float64]

_STEPS = 100
_MAX_DAMPING = 1e9
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
    found = _least_squares(z, ratings, scale)
    slope = sign * float(np.exp(found[1])) / spread
    return float(found[0]) - slope * middle, slope


def _least_squares(z: Floats, ratings: Floats, scale: ScoreScale) -> Floats:
    """Intercept and logarithm of the slope, for scores in standard units."""
    at, damping = _start(z, ratings, scale), 1e-3
    error = _error(at, z, ratings, scale)
    for _ in range(_STEPS):
        step = _step(at, z, ratings, scale, damping)
        tried = at + step
        tried[1] = np.clip(tried[1], np.log(_FLAT), np.log(_STEEP))
        better = _error(tried, z, ratings, scale)
        if better < error:
            done = error - better <= 1e-14 * (1 + error)
            at, error, damping = tried, better, damping / 10
            if done:
                break
        elif (damping := damping * 10) > _MAX_DAMPING:
            break
    return at


def _start(z: Floats, ratings: Floats, scale: ScoreScale) -> Floats:
    """A line through the logits of the ratings."""
    share = np.clip((ratings - scale.low) / (scale.high - scale.low), _INSIDE, 1 - _INSIDE)
    slope, intercept = np.polyfit(z, np.log(share / (1 - share)), 1)
    return np.array([intercept, np.log(np.clip(slope, 0.1, _STEEP))])


def _error(at: Floats, z: Floats, ratings: Floats, scale: ScoreScale) -> float:
    return float(np.square(curve(z, at[0], np.exp(at[1]), scale) - ratings).sum())


def _step(at: Floats, z: Floats, ratings: Floats, scale: ScoreScale, damping: float) -> Floats:
    span, slope = scale.high - scale.low, np.exp(at[1])
    mapped = curve(z, at[0], slope, scale)
    share = (mapped - scale.low) / span
    steep = span * share * (1 - share)
    jacobian = np.stack([steep, steep * z * slope], axis=1)
    normal = jacobian.T @ jacobian
    normal += damping * np.diag(np.diag(normal) + 1e-12)
    return np.linalg.solve(normal, jacobian.T @ (ratings - mapped))
