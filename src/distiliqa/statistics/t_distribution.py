"""Student's t distribution for whole degrees of freedom."""

from __future__ import annotations

import math


def t_quantile(p: float, degrees: int) -> float:
    """Quantile of t: a share ``p`` lies below it; p in (0.5, 1), degrees from 1."""
    low, high = 0.0, 1.0
    while _central(high, degrees) < 2 * p - 1:
        high *= 2
    for _ in range(60):
        middle = (low + high) / 2
        if _central(middle, degrees) < 2 * p - 1:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _central(t: float, degrees: int) -> float:
    """Share between -t and t: Abramowitz and Stegun, Handbook, 26.7.3 and 26.7.4."""
    angle = math.atan2(t, math.sqrt(degrees))
    sine, square = math.sin(angle), math.cos(angle) ** 2
    odd = degrees % 2
    term = math.cos(angle) if odd else 1.0
    total = 0.0
    for n in range(2 + odd, degrees + 1, 2):
        total += term
        term *= square * (n - 1) / n
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
