"""Prediction intervals with a stated coverage, whatever the errors look like.

Split conformal prediction (Lei et al. 2018, doi 10.1080/01621459.2017.1307116): on images that the
model has not learned from, errors are ranked relative to the spread of the outputs, which is larger
where the teachers would not agree; the quantile of these ratios makes the interval of a new image.
It covers the stated share of images that are drawn as those it was calibrated on. Images of a new
patient are not quite that where the calibration saw few: what is covered then has to be measured.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError
from distiliqa.models.folder import Certainty

COVERAGE = 0.9


def calibrate(
    outputs: NDArray[np.floating],
    labels: NDArray[np.floating],
    *,
    cases: int,
    coverage: float = COVERAGE,
) -> Certainty:
    """How wide intervals must be.

    Parameters
    ----------
    outputs : (n, outputs), of the model for images it has not learned from; the score is the mean.
    labels : (n,), their labels.
    cases : the number of patients they show.
    coverage : share of labels that lie inside, in (0, 1).

    Raises
    ------
    DistiliqaError : too few images for this coverage.
    """
    count = len(labels)
    rank = math.ceil((count + 1) * coverage)
    if rank > count:
        raise DistiliqaError(
            f"{count} images cannot calibrate intervals of {coverage:.0%}",
            remedy="hold more images out",
        )
    spread = _spread(outputs)
    # Half the spreads are smaller: an interval never shrinks to nothing where outputs agree.
    floor = float(np.median(spread)) if spread.any() else 1.0
    ratios = np.abs(outputs.mean(axis=1) - labels) / (spread + floor)
    quantile = float(np.sort(ratios)[rank - 1])
    return Certainty(coverage, quantile, floor, images=count, cases=cases)


def _spread(outputs: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sample standard deviation of the outputs, (n,); 0 where there is one."""
    if outputs.shape[1] == 1:
        return np.zeros(len(outputs))
    return outputs.std(axis=1, ddof=1)
