"""The scale of a model's scores."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

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

    def stretched(
        self, scores: NDArray[np.float64], of: ScoreScale, *, rising: bool
    ) -> NDArray[np.float64]:
        """Scores of another scale, clipped to it and stretched to this one.

        Parameters
        ----------
        scores : ndarray of float
            Any shape, on the scale ``of``.
        of : ScoreScale
            Scale of the scores.
        rising : bool
            Whether values of this scale rise with scores.

        Returns
        -------
        ndarray of float
            Same shape, within this scale.
        """
        share = np.clip((scores - of.low) / (of.high - of.low), 0, 1)
        return self.low + (share if rising else 1 - share) * (self.high - self.low)
