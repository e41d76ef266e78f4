"""Nonlinear least squares for a few parameters.

The method of Levenberg and Marquardt (Marquardt, J Soc Ind Appl Math 1963, doi 10.1137/0111030).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
_MAX_STEPS = 200
_SMALL_STEP = 1e-10
_DAMPING, _MAX_DAMPING = 1e-3, 1e12
_MIN_CURVATURE = 1e-6  # of a parameter that no residual depends on


def least_squares(
    residuals: Callable[[Array], tuple[Array, Array]], start: Sequence[float]
) -> Array:
    """Parameters with a minimum of the sum of squared residuals, near ``start``.

    Parameters
    ----------
    residuals : takes parameters, (p,); returns residuals, (n,), and their derivatives, (n, p).
    """
    values, damping = np.array(start, np.float64), _DAMPING
    errors, slopes = residuals(values)
    for _ in range(_MAX_STEPS):
        step = _step(errors, slopes, damping)
        new_errors, new_slopes = residuals(values + step)
        if new_errors @ new_errors > errors @ errors:
            damping *= 10
        else:
            values, errors, slopes, damping = values + step, new_errors, new_slopes, damping / 10
        if np.abs(step).max() < _SMALL_STEP or damping > _MAX_DAMPING:
            break
    return values


def _step(errors: Array, slopes: Array, damping: float) -> Array:
    curvature = slopes.T @ slopes
    scale = np.maximum(curvature.diagonal(), _MIN_CURVATURE)
    return np.linalg.solve(curvature + damping * np.diag(scale), -slopes.T @ errors)
