"""The calibration of a model's prediction intervals."""

from __future__ import annotations

import math
from dataclasses import dataclass

from distiliqa.models.score_scale import ScoreScale

_MAX_EXPONENT = 50.0


@dataclass(frozen=True)
class IntervalWidth:
    """How large an error to expect of a slice, relative to other slices: exp of a sum.

    The sum is ``constant + spread ln(s + floor) + score q + square q^2 + processed p``, where s is
    the spread of the outputs, q the score as a share of the scale, within 0 to 1, and p the
    probability that the slice was processed; see `distiliqa.statistics.conformal_by_case`.
    """

    constant: float
    spread: float = 0.0
    score: float = 0.0
    square: float = 0.0
    processed: float = 0.0

    def expected(self, spread: float, share: float, processed: float) -> float:
        """Expected error; ``spread`` has the floor added."""
        q = min(max(share, 0.0), 1.0)
        total = self.constant + self.spread * math.log(spread) + self.score * q
        total += self.square * q * q + self.processed * processed
        return math.exp(min(total, _MAX_EXPONENT))


@dataclass(frozen=True)
class IntervalCalibration:
    """The calibration of prediction intervals by conformal prediction.

    Half of it is ``quantile * (spread + floor)``, or ``quantile`` times the error that ``width``
    expects; see `distiliqa.statistics.conformal`.

    Attributes
    ----------
    coverage : float
        Share of images whose label lies in the interval, in (0, 1).
    quantile : float
        Quantile of the errors on the images it was calibrated on, relative to spread and floor.
    floor : float
        Added to the spread of the outputs, in units of the score.
    images, cases : int
        Number of images and patients that it was calibrated on.
    width : IntervalWidth, optional
        How the error depends on the slice; None where it is that of spread and floor.
    """

    coverage: float
    quantile: float
    floor: float
    images: int
    cases: int
    width: IntervalWidth | None = None

    def __post_init__(self) -> None:
        if self.width is not None and self.floor <= 0:
            raise ValueError("an interval calibration with a width has a floor above 0")
        if not (0 < self.coverage < 1 and self.quantile >= 0 and self.floor >= 0):
            raise ValueError(
                "an interval calibration has a coverage of 0 to 1, and no negative number"
            )

    def interval(
        self, score: float, spread: float, scale: ScoreScale, processed: float = 0.0
    ) -> tuple[float, float]:
        """Lowest and highest label to expect, within the scale, which a score may leave.

        Parameters
        ----------
        processed : float
            Probability that the slice was processed; 0 where unknown.
        """
        expected = spread + self.floor
        if self.width is not None:
            share = (score - scale.low) / (scale.high - scale.low)
            expected = self.width.expected(expected, share, processed)
        half = self.quantile * expected
        low, high = (min(max(end, scale.low), scale.high) for end in (score - half, score + half))
        return low, high
