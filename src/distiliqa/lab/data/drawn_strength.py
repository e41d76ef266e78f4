"""Draws of the strength of faults, evenly in the logarithm."""

from __future__ import annotations

import math

import numpy as np

from distiliqa.simulate.processing.kinds import Kind


def drawn_strength(kind: Kind, rng: np.random.Generator) -> float:
    """Strength between two rungs of the ladder, by its logarithm.

    Weak ones are drawn more often than strong ones, so that ratings above 2 are not rare.
    """
    rungs = np.log(kind.ladder[1:])
    place = (len(rungs) - 1) * rng.triangular(0, 0, 1)
    strength = math.exp(np.interp(place, range(len(rungs)), rungs))
    return float(2 * (strength // 2) + 1) if kind.unit == "pixels" else short(strength)


def between(limits: tuple[float, float], rng: np.random.Generator) -> float:
    """Draw a value between two limits, evenly in its logarithm."""
    low, high = np.log(limits)
    return short(math.exp(rng.uniform(low, high)))


def short(value: float) -> float:
    """Four digits, as a manifest shows them."""
    return float(f"{value:.4g}")
