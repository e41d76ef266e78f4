"""The correction of a score by the probability that its slice was processed, in ``config.json``."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class ProcessedCalibration:
    """The limit of the probability, and two sizes in units of the score.

    Both sizes are measured on denoisers of kinds that the rating network never saw; see
    `distiliqa.scoring.hold_back` for what is done with them.

    Attributes
    ----------
    threshold : float
        Probability above which a slice counts as processed, in [0, 1). It is set on slices of
        filtered back-projection so that at most 5 % of them do.
    held_back : float
        By how much the score gets worse at probability 1: the mean over-rating, 0 or more.
    widened : float
        By how much the worse end of the prediction interval moves at probability 1; ``held_back``
        or more, so that the score stays in its interval.
    images, cases : int
        Number of images and patients that the sizes were fitted on.
    """

    threshold: float
    held_back: float
    widened: float
    images: int = 0
    cases: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.threshold < 1:
            raise ValueError("a threshold of processing is a probability from 0 to below 1")
        if not 0 <= self.held_back <= self.widened < math.inf:
            raise ValueError("a score is held back by 0 or more, and its interval by no less")

    def counts(self, probability: float) -> bool:
        """Whether a slice of this probability counts as processed."""
        return probability > self.threshold

    def share(self, probability: float) -> float:
        """How much of the two sizes applies: 0 up to the threshold, 1 at probability 1."""
        return max(0.0, (probability - self.threshold) / (1 - self.threshold))
