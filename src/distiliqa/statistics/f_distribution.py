"""Quantiles of the F distribution, for degrees of freedom that need not be whole."""

from __future__ import annotations

import math

_MAX_TERMS = 500
_TINY = 1e-300
_STEPS = 100


def f_quantile(p: float, first: float, second: float) -> float:
    """Quantile of F: a share ``p`` lies below it.

    Parameters
    ----------
    p : float
        In (0, 1).
    first, second : float
        Degrees of freedom of numerator and denominator, above 0.
    """
    low, high = 0.0, 1.0
    while _below(high, first, second) < p:
        high *= 2
    for _ in range(_STEPS):
        middle = (low + high) / 2
        if _below(middle, first, second) < p:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _below(value: float, first: float, second: float) -> float:
    """Share of F below a value: a regularized incomplete beta function (DLMF 8.17)."""
    x = first * value / (first * value + second)
    return regularized_beta(x, first / 2, second / 2)


def regularized_beta(x: float, a: float, b: float) -> float:
    """The regularized incomplete beta function I_x(a, b), for x in [0, 1] and a, b above 0.

    By its continued fraction (DLMF 8.17.22), on the side where that converges fast (DLMF 8.17.4).
    """
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - regularized_beta(1 - x, b, a)
    log_front = a * math.log(x) + b * math.log1p(-x) - math.log(a)
    log_front -= math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)
    return math.exp(log_front) / _fraction(x, a, b)


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d_1 x / (1 + d_2 x / (1 + ...)) by the modified method of Lentz (DLMF 3.10.iii)."""
    value, c, d = 1.0, 1.0, 0.0
    for number in range(1, _MAX_TERMS):
        m = number // 2
        if number % 2:
            numerator = -(a + m) * (a + b + m) / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            numerator = m * (b - m) / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / (1 + numerator * x * d or _TINY)
        c = 1 + numerator * x / c or _TINY
        value *= c * d
        if abs(c * d - 1) < 1e-15:
            break
    return value
