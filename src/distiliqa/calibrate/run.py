"""Fit the map of a model's score to readers' ratings, and test it on patients left out."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.calibrate.result import MAP, MEDIAN, NO_MAP, Calibration
from distiliqa.calibrate.scored_ratings import (
    Progress,
    ScoredRatings,
    require_enough,
    require_rising,
    score_ratings,
)
from distiliqa.errors import DistiliqaError
from distiliqa.files import sha256
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.models.score_map import ScoreMap, curve
from distiliqa.models.score_scale import ScoreScale
from distiliqa.readers.rated_slices import find_rated, require_patients
from distiliqa.readers.reader_scales import MeanRatings
from distiliqa.scoring.model import Model
from distiliqa.statistics.conformal import spread_of
from distiliqa.statistics.conformal_by_case import RatedByOthers, calibrate_by_case
from distiliqa.statistics.group_bootstrap import bootstrap, paired_bootstrap
from distiliqa.statistics.logistic_map import fit_logistic_map

Floats = NDArray[np.float64]


class _Scales(NamedTuple):
    """The scales of the network and of the readers, and whether ratings rise with scores."""

    network: ScoreScale
    readers: ScoreScale

    @property
    def rising(self) -> bool:
        return self.network.higher_is_better == self.readers.higher_is_better


class _LeftOut(NamedTuple):
    """Predictions of ratings by other patients, (n,): with the map, their spread, the median."""

    mapped: Floats
    spread: Floats
    median: Floats


def calibrate_model(
    model: Model,
    mean: MeanRatings,
    data: Path,
    scale: ScoreScale,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Calibration:
    """Calibrate a model to the mean ratings of readers.

    Each patient is predicted by the map that was fitted on the others.

    Parameters
    ----------
    model : Model
        Without a map.
    mean : MeanRatings
        The ratings.
    data : Path
        Where the images are.
    scale : ScoreScale
        Of the readers.
    seed : int
        Of the bootstrap.

    Raises
    ------
    RecipeError
        Too few ratings or patients, see `distiliqa.calibrate.scored_ratings`; an unknown patient,
        an image that is not there, or ratings that do not get better with the score.
    DistiliqaError
        The model has a map, or rates attributes.
    """
    if model.config.score_map is not None or model.config.attributes:
        problem = "has a map already" if model.config.score_map else "rates attributes"
        remedy = "give the model that it was made from"
        raise DistiliqaError(problem, path=model.folder, remedy=remedy)
    path = mean.table.path
    rated = find_rated(mean.table, data)
    require_patients(rated, path, "errors are measured on patients left out")
    require_enough(len(rated), [row.case for row in rated], path)
    scored = score_ratings(model, rated, mean, progress)
    require_enough(len(scored.ratings), scored.cases, path)
    scales = _Scales(model.config.scale, scale)
    require_rising(scored, scales.rising, path)
    return _calibration(scored, scales, mean, seed)


def _calibration(
    scored: ScoredRatings, scales: _Scales, mean: MeanRatings, seed: int
) -> Calibration:
    ratings, cases = scored.ratings, scored.cases
    left_out = _left_out(scored, scales)
    stretched = scales.readers.stretched(scored.scores, scales.network, rising=scales.rising)
    predicted = {MAP: left_out.mapped, NO_MAP: stretched, MEDIAN: left_out.median}
    mae = {name: float(np.abs(values - ratings).mean()) for name, values in predicted.items()}
    score_map = _map(scored, scales, mean, mae)
    return Calibration(
        scales.readers,
        score_map,
        _intervals(scored, left_out, scales.readers),
        ratings,
        predicted,
        errors={
            name: bootstrap(values, ratings, cases, seed=seed) for name, values in predicted.items()
        },
        differences={
            name: paired_bootstrap(left_out.mapped, values, ratings, cases, seed=seed)["mae"]
            for name, values in predicted.items()
            if name != MAP
        },
        failed=scored.failed,
        notes=(*mean.notes, *scored.notes, *filter(None, [score_map.note])),
        sha256=scored.sha256,
    )


def _map(
    scored: ScoredRatings, scales: _Scales, mean: MeanRatings, mae: dict[str, float]
) -> ScoreMap:
    """The map of all patients."""
    intercept, slope = fit_logistic_map(
        scored.scores, scored.ratings, scales.readers, rising=scales.rising
    )
    return ScoreMap(
        of=scales.network,
        intercept=intercept,
        slope=slope,
        images=len(scored.ratings),
        cases=len(set(scored.cases)),
        readers=len(mean.table.readers),
        ratings_sha256=sha256(mean.table.path),
        mae=mae[MAP],
        mae_without_map=mae[NO_MAP],
        mae_of_median=mae[MEDIAN],
        note=useless_map_note(mae),
    )


def _left_out(scored: ScoredRatings, scales: _Scales) -> _LeftOut:
    members = defaultdict[str, list[int]](list)
    for at, case in enumerate(scored.cases):
        members[case].append(at)
    found = _LeftOut(*(np.empty(len(scored.ratings)) for _ in range(3)))
    for of_case in members.values():
        others = np.ones(len(scored.ratings), bool)
        others[of_case] = False
        ratings = scored.ratings[others]
        fitted = fit_logistic_map(
            scored.scores[others], ratings, scales.readers, rising=scales.rising
        )
        found.mapped[of_case] = curve(scored.scores[of_case], *fitted, scales.readers)
        outputs = curve(scored.outputs[of_case], *fitted, scales.readers)
        found.spread[of_case] = spread_of(outputs)
        found.median[of_case] = np.median(ratings)
    return found


def _intervals(scored: ScoredRatings, left_out: _LeftOut, scale: ScoreScale) -> IntervalCalibration:
    """Prediction intervals from the errors on patients left out."""
    rated = RatedByOthers(
        errors=left_out.mapped - scored.ratings,
        spread=left_out.spread,
        share=(left_out.mapped - scale.low) / (scale.high - scale.low),
        processed=scored.processed,
        cases=scored.cases,
    )
    return calibrate_by_case(rated)


def useless_map_note(mae: dict[str, float]) -> str:
    """Note on a map that does not help on patients left out; empty if it helps."""
    if mae[MAP] >= mae[MEDIAN]:
        return (
            "on patients left out the map is no better than the median rating alone: the score "
            "does not show what these readers rate"
        )
    if mae[MAP] >= mae[NO_MAP]:
        return "on patients left out the map is no better than the score without it"
    return ""
