"""Hold the score of a processed slice back, and let its interval reach further down.

Denoisers, filters and strong iterative reconstructions take noise away that the readers of a model
rated. A network without a reference sees the clean texture, and cannot see the vessel or the small
lesion that went with the noise: nothing in the image shows them. Readers who have the full dose
beside it put denoised images between the quarter dose that they were made of and the full dose,
while a score of noise alone puts most of them at the full dose or above. Whoever ranks protocols by
such a score picks the strongest denoiser.

So the score is corrected by what can be known. The probability that the texture is no longer that
of noise is an output of the network. Above a threshold, which slices of filtered back-projection
seldom reach, the score gets worse in proportion to it: by ``held_back`` at probability 1, the mean
over-rating of denoisers of kinds that the network never saw. At the threshold nothing changes, so
that no score jumps. The better end of the interval stays, as a good denoiser may have lost nothing;
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
