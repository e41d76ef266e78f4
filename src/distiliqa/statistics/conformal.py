"""Prediction intervals with a stated coverage, for errors of any distribution.

Split conformal prediction (Lei et al. 2018, doi 10.1080/01621459.2017.1307116). Errors on images
that the model was not trained on are divided by the spread of the outputs, which is larger where
the teachers would disagree. A quantile of these ratios gives the interval of a new image. It covers
the stated share of images that are drawn like the calibration images. Images of a new patient are
not quite like these where few patients were used: their coverage has to be measured.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import DistiliqaError
from distiliqa.models.interval_calibration import IntervalCalibration

COVERAGE = 0.9


def calibrate(
    outputs: NDArray[np.floating],
    labels: NDArray[np.floating],
    *,
    cases: int,
    coverage: float = COVERAGE,
) -> IntervalCalibration:
    """Calibrate the width of prediction intervals.

    Parameters
    ----------
    outputs : ndarray of float
        (n, outputs), of the model for images that it was not trained on; the score is the mean.
    labels : ndarray of float
        (n,), their labels.
    cases : int
        Number of patients in these images.
    coverage : float
        Share of labels inside the intervals, in (0, 1).

    Raises
    ------
    DistiliqaError
        Too few images for this coverage.
    """
    count = len(labels)
    rank = math.ceil((count + 1) * coverage)
    if rank > count:
        raise DistiliqaError(
            f"{count} images cannot calibrate intervals of {100 * coverage:.0f} %",
            remedy="hold more images out",
        )
    spread = spread_of(outputs)
    # Half the spreads are smaller: an interval never shrinks to nothing where outputs agree.
    floor = float(np.median(spread)) if spread.any() else 1.0
    ratios = np.abs(outputs.mean(axis=1) - labels) / (spread + floor)
    quantile = float(np.sort(ratios)[rank - 1])
    return IntervalCalibration(coverage, quantile, floor, images=count, cases=cases)


def spread_of(outputs: NDArray[np.floating]) -> NDArray[np.floating]:
    """Sample standard deviation of the outputs, (n,); 0 where there is one."""
    if outputs.shape[1] == 1:
        return np.zeros(len(outputs))
    return outputs.std(axis=1, ddof=1)
