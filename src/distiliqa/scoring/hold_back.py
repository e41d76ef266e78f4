"""Lower the score of a processed slice, and extend its interval on the worse side.

Denoisers, filters and strong iterative reconstructions remove noise, and small vessels and lesions
with it. A network without a reference sees the clean texture alone: nothing in the image shows what
was removed. Readers who see the full dose beside it rate denoised images between the quarter dose
that they were made of and the full dose. A score of noise alone rates most of them as the full dose
or better. Protocols that are ranked by such a score are ranked by the strength of their denoiser.

So the score is corrected. The probability that the texture is no longer that of noise is an output
of the network. Above a threshold, which slices of filtered back-projection seldom reach, the score
gets worse in proportion to it: by ``held_back`` at probability 1, the mean over-rating of denoisers
of kinds that the network never saw. At the threshold the correction is 0, so that no score jumps.
The better end of the interval stays, as a good denoiser may have lost nothing;
the worse end moves by ``widened``.
"""

from __future__ import annotations

from distiliqa.models.processed import ProcessedCalibration
from distiliqa.models.score_scale import ScoreScale

LOST_DETAIL = (
    "texture is that of a denoiser or filter: detail may be lost that the image cannot show"
)

Interval = tuple[float, float]


def held_back(
    score: float, probability: float, calibration: ProcessedCalibration, scale: ScoreScale
) -> float:
    """Give the score of a slice that was processed with this probability.

    ``score - held_back * max(0, (p - threshold) / (1 - threshold))``, with the other sign where a
    lower score is better. It goes no further than the worst score of the scale.
    """
    return _worse(score, calibration.held_back * calibration.share(probability), scale)


def reaching_down(
    interval: Interval, probability: float, calibration: ProcessedCalibration, scale: ScoreScale
) -> Interval:
    """Move the worse end of a prediction interval, within the scale; the better end stays."""
    low, high = interval
    size = calibration.widened * calibration.share(probability)
    if scale.higher_is_better:
        return _worse(low, size, scale), high
    return low, _worse(high, size, scale)


def _worse(value: float, size: float, scale: ScoreScale) -> float:
    """Move a value by ``size`` to the worse side, no further than the end of the scale."""
    if scale.higher_is_better:
        return min(value, max(value - size, scale.low))
    return max(value, min(value + size, scale.high))
