"""The figures of a series, and how it is named."""

from __future__ import annotations

import hashlib
from typing import NamedTuple

import numpy as np

from distiliqa.model_folder import ScoreScale
from distiliqa.scoring.result import SeriesScore, SliceScore


class Figures(NamedTuple):
    """Slices of a series by their rank, and the score that a tenth of them does not reach."""

    worst: SliceScore
    median: SliceScore
    best: SliceScore
    tenth: float


def figures(series: SeriesScore, scale: ScoreScale) -> Figures:
    """Of the slices that count for the series."""
    sign = 1 if scale.higher_is_better else -1
    ranked = sorted(series.known, key=lambda each: sign * each.score)
    scores = [sign * each.score for each in ranked]
    tenth = sign * float(np.quantile(scores, 0.1))
    return Figures(ranked[0], ranked[(len(ranked) - 1) // 2], ranked[-1], tenth)


def series_name(series: str, *, identify: bool) -> str:
    """The series itself, or eight digits that tell nothing of the patient."""
    return series if identify else hashlib.sha256(series.encode()).hexdigest()[:8]


def number(value: float | None, digits: int = 2) -> str:
    """Rounded; empty where unknown."""
    return "" if value is None else f"{value:.{digits}f}"
