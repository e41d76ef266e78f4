"""Attributes that a model rates one by one, such as noise, contrast and structure.

The best value of an attribute may lie in the middle of its scale: images may be too noisy, and too
smooth. The score of such a model is the mean closeness of its attributes to their best.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.errors import DistiliqaError, quoted
from distiliqa.models.score_scale import ScoreScale


@dataclass(frozen=True)
class Attribute:
    """One attribute: its scale, and the value on it that is best."""

    name: str
    low: float
    high: float
    best: float

    def __post_init__(self) -> None:
        if not (self.low < self.high and self.low <= self.best <= self.high and self.name):
            raise DistiliqaError(
                f"the attribute {quoted(self.name)} from {self.low:g} to {self.high:g}, best at "
                f"{self.best:g}",
                remedy="give NAME=LOW,HIGH,BEST with the best value on the scale",
            )

    @property
    def span(self) -> float:
        """Length of the scale."""
        return self.high - self.low

    @property
    def rises(self) -> bool | None:
        """Whether higher values are better; None where the best lies between the ends."""
        return {self.high: True, self.low: False}.get(self.best)

    def closeness(self, values: ArrayLike) -> NDArray[np.float64]:
        """1 at the best value, 0 at the value of the scale that is furthest from it."""
        inside = np.clip(np.asarray(values, np.float64), self.low, self.high)
        return 1 - np.abs(inside - self.best) / max(self.best - self.low, self.high - self.best)


def closeness(attributes: Sequence[Attribute], values: ArrayLike) -> NDArray[np.float64]:
    """Closeness of each attribute to its best, for values (..., attributes)."""
    columns = np.moveaxis(np.asarray(values, np.float64), -1, 0)
    parts = [one.closeness(column) for one, column in zip(attributes, columns, strict=True)]
    return np.stack(parts, axis=-1)


def scale_of(attributes: Sequence[Attribute]) -> ScoreScale:
    """The scale of the score of a model with attributes."""
    names = ", ".join(
        f"{one.name} ({one.low:g} to {one.high:g}, best {one.best:g})" for one in attributes
    )
    return ScoreScale(0.0, 1.0, f"mean closeness to their best of {names}")
