"""The map from the score of a network to the ratings of a site's readers.

``low + (high - low) / (1 + exp(-(intercept + slope x)))``, where x is the score and low and high
are the ends of the readers' scale: a logistic curve of two parameters. It never leaves the scale,
and never makes two scores equal, so that ranks stay. `distiliqa.calibrate` fits it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.models.score_scale import ScoreScale

_MAX_EXPONENT = 50.0


@dataclass(frozen=True)
class ScoreMap:
    """A map, how it was fitted, and what it was worth on patients that it did not see.

    Attributes
    ----------
    of : ScoreScale
        The scale of the network, which x is on.
    intercept, slope : float
        Of the curve; the slope is below 0 where the two scales run in opposite directions.
    images, cases : int
        Number of ratings and of patients that it was fitted on.
    readers : int
        Number of readers whose mean the ratings are.
    ratings_sha256 : str
        Of the file of ratings.
    mae : float
        Mean absolute error on patients that were left out of the fit, in units of the ratings.
    mae_without_map : float
        The same of the score stretched from one scale to the other.
    mae_of_median : float
        The same of the median rating of the other patients, whatever the image.
    note : str
        Warns of a map that does not help on patients left out; empty if it helps.
    """

    of: ScoreScale
    intercept: float
    slope: float
    images: int
    cases: int
    readers: int
    ratings_sha256: str
    mae: float
    mae_without_map: float
    mae_of_median: float
    note: str = ""

    def __post_init__(self) -> None:
        if self.slope == 0:
            raise ValueError("a map of scores has a slope")

    def apply(self, scores: ArrayLike, scale: ScoreScale) -> NDArray[np.float64]:
        """Map scores of any shape to the readers' ``scale``."""
        return curve(np.asarray(scores, np.float64), self.intercept, self.slope, scale)

    def of_one(self, score: float, scale: ScoreScale) -> float:
        """Map one score."""
        return float(self.apply(score, scale))


def curve(
    scores: NDArray[np.float64], intercept: float, slope: float, scale: ScoreScale
) -> NDArray[np.float64]:
    """The logistic curve of the module, for scores of any shape."""
    exponent = np.clip(intercept + slope * scores, -_MAX_EXPONENT, _MAX_EXPONENT)
    return scale.low + (scale.high - scale.low) / (1 + np.exp(-exponent))
