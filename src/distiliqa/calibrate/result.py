"""The result of a calibration: the map, and its error on patients that it did not see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Problem
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.models.score_map import ScoreMap
from distiliqa.models.score_scale import ScoreScale
from distiliqa.statistics.agreement import Agreement, agreement
from distiliqa.statistics.group_bootstrap import FigureDifference, Intervals

Floats = NDArray[np.float64]
MAP, NO_MAP, MEDIAN = "map", "no map", "median alone"


@dataclass(frozen=True, eq=False)
class Calibration:
    """A calibration to the ratings of a site.

    Attributes
    ----------
    scale : ScoreScale
        Of the readers.
    score_map : ScoreMap
        Fitted on all ratings.
    intervals : IntervalCalibration
        Calibration of prediction intervals, from the errors on patients left out.
    ratings : ndarray of float
        (n,), of the readers.
    predicted : dict[str, ndarray of float]
        (n,) each: predictions of these ratings with the map fitted on all other patients, without
        a map, and by the median of all other patients.
    errors : dict[str, Intervals]
        Bootstrap intervals of the figures of each, over patients.
    differences : dict[str, FigureDifference]
        Mean absolute error with the map minus that without it, and minus that of the median.
    failed : tuple[Problem, ...]
        Rated slices that could not be read.
    notes : tuple[str, ...]
        What was left out, and whether the map does not help.
    sha256 : Mapping[str, str]
        Of each file that was scored, by path.
    """

    scale: ScoreScale
    score_map: ScoreMap
    intervals: IntervalCalibration
    ratings: Floats
    predicted: dict[str, Floats]
    errors: dict[str, Intervals]
    differences: dict[str, FigureDifference]
    failed: tuple[Problem, ...]
    notes: tuple[str, ...]
    sha256: Mapping[str, str]

    def agreement(self, name: str) -> Agreement:
        """Agreement of one of the predictions with the ratings."""
        return agreement(self.predicted[name], self.ratings)

    def as_dict(self) -> dict[str, Any]:
        """Plain values without names of images or patients, for JSON."""
        return {
            "scale": asdict(self.scale),
            "score_map": asdict(self.score_map),
            "intervals": asdict(self.intervals),
            "left_out_patients": {
                name: self.agreement(name).figures() | {"mae_interval": found.bounds["mae"]}
                for name, found in self.errors.items()
            },
            "mae_of_map_minus": {name: asdict(found) for name, found in self.differences.items()},
            "failed": len(self.failed),
            "notes": list(self.notes),
        }
