"""The scale of a model's scores."""

from __future__ import annotations

from dataclasses import dataclass

from distiliqa.errors import DistiliqaError

MAX_SCORE, MIN_SPAN = 1e6, 1e-3  # scores are written with six decimals


@dataclass(frozen=True)
class ScoreScale:
    """The meaning of a score: its range, its direction, and its best end in words."""

    low: float
    high: float
    meaning: str
    higher_is_better: bool = True

    def __post_init__(self) -> None:
        ends = (self.low, self.high)
        if not (self.high - self.low >= MIN_SPAN and max(map(abs, ends)) <= MAX_SCORE):
            raise DistiliqaError(
                f"a scale from {self.low:g} to {self.high:g}",
                remedy=f"its high end lies {MIN_SPAN:g} or more above the low one, "
                f"both within {MAX_SCORE:g}",
            )

    @property
    def worst(self) -> float:
        """The score of an image that shows nothing."""
        return self.low if self.higher_is_better else self.high
