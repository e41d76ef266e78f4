"""Nonlinear least squares for a few parameters.

The method of Levenberg and Marquardt (Marquardt, J Soc Ind Appl Math 1963, doi 10.1137/0111030).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]
_MAX_STEPS = 200
_SMALL_STEP = 1e-10
_DAMPING, _MAX_DAMPING = 1e-3, 1e12
_MIN_CURVATURE = 1e-6  # of a parameter that no residual depends on


def least_squares(
    residuals: Callable[[Array], tuple[Array, Array]],
    start: ArrayLike,
    *,
    low: ArrayLike = -np.inf,
    high: ArrayLike = np.inf,
) -> Array:
    """Parameters with a minimum of the sum of squared residuals, near ``start``.

    Parameters
    ----------
    residuals : takes parameters, (p,); returns residuals, (n,), and their derivatives, (n, p).
    low, high : bounds of all parameters, or of each; steps beyond them end there.
    """
    values, damping = np.array(start, np.float64), _DAMPING
    errors, slopes = residuals(values)
    for _ in range(_MAX_STEPS):
        tried = np.clip(values + _step(errors, slopes, damping), low, high)
        moved = float(np.abs(tried - values).max())
        new_errors, new_slopes = residuals(tried)
        if new_errors @ new_errors > errors @ errors:
            damping *= 10
        else:
            values, errors, slopes, damping = tried, new_errors, new_slopes, damping / 10
        if moved < _SMALL_STEP or damping > _MAX_DAMPING:
            break
    return values


def _step(errors: Array, slopes: Array, damping: float) -> Array:
    curvature = slopes.T @ slopes
    scale = np.maximum(curvature.diagonal(), _MIN_CURVATURE)
    return np.linalg.solve(curvature + damping * np.diag(scale), -slopes.T @ errors)
