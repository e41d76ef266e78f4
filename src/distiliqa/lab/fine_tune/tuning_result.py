"""The result of a fine-tuning: the network beside the model before it, on patients held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.lab.evaluate.predictor import score_rated
from distiliqa.lab.fine_tune.fine_tuning import FineTuning
from distiliqa.models.interval_calibration import IntervalCalibration
from distiliqa.models.score_map import curve
from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring.model import load_model
from distiliqa.statistics.agreement import Agreement, agreement
from distiliqa.statistics.conformal_by_case import RatedByOthers, calibrate_by_case
from distiliqa.statistics.group_bootstrap import (
    FigureDifference,
    Intervals,
    bootstrap,
    paired_bootstrap,
)
from distiliqa.statistics.logistic_map import fit_logistic_map

Floats = NDArray[np.float64]

BEFORE, MAP, TUNED = "model before", "map alone", "fine-tuned"


@dataclass(frozen=True, eq=False)
class TuningResult:
    """Agreement on patients held out.

    Attributes
    ----------
    label_scores : (n,), ratings as scores, NaN where an attribute was not rated.
    predicted : (n,) each: by the model before, stretched to the scale of the readers; by a map of
        its score that was fitted on the other folds; and by the network of the other folds.
    known : (n,), bool: images that the figures are of.
    figures, bounds : agreement of each, and its bootstrap intervals over patients.
    difference : of all figures, fine-tuned minus before.
    heads : agreement of each attribute; empty for a single rating.
    intervals : of prediction, from the errors on patients held out.
    notes : doubts, one line each.
    """

    label_scores: Floats
    predicted: Mapping[str, Floats]
    known: NDArray[np.bool_]
    figures: Mapping[str, Agreement]
    bounds: Mapping[str, Intervals]
    difference: Mapping[str, FigureDifference]
    heads: Mapping[str, Agreement]
    intervals: IntervalCalibration
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values without names of images or patients, for JSON."""
        return {
            "held_out": {
                name: found.figures() | {"n": found.n, "intervals": self.bounds[name].bounds}
                for name, found in self.figures.items()
            },
            "fine_tuned_minus_before": {
                name: asdict(found) for name, found in self.difference.items()
            },
            "held_out_attributes": {name: found.figures() for name, found in self.heads.items()},
            "prediction_intervals": asdict(self.intervals),
            "notes": list(self.notes),
        }


def held_out_result(tuning: FineTuning, outputs: Floats) -> TuningResult:
    """Compare a fine-tuned network with the model before it.

    Parameters
    ----------
    outputs : (n, heads), of each image by the network that did not learn from its patient.
    """
    true = tuning.labels.label_scores
    known = ~np.isnan(true)
    predicted = _predictions(tuning, outputs)
    cases = [case for case, counts in zip(tuning.cases, known, strict=True) if counts]
    shown = {name: values[known] for name, values in predicted.items()}
    seed = tuning.settings.seed
    difference = paired_bootstrap(shown[TUNED], shown[BEFORE], true[known], cases, seed=seed)
    figures = {name: agreement(values, true[known]) for name, values in shown.items()}
    return TuningResult(
        true,
        predicted,
        known,
        figures,
        {name: bootstrap(v, true[known], cases, seed=seed) for name, v in shown.items()},
        difference,
        _of_heads(tuning, outputs),
        _prediction_intervals(shown[TUNED], true[known], tuning.labels.scale, cases),
        tuple(_notes(figures, difference)),
    )


def _predictions(tuning: FineTuning, outputs: Floats) -> dict[str, Floats]:
    """Scores of all images on the scale of the readers: before, by a map alone, fine-tuned."""
    before = score_rated(load_model(tuning.source).for_many(heatmaps=False), tuning.images)
    if before.failed:  # since it was decoded
        raise before.failed[0]
    labels, scores, rising = tuning.labels, before.scores, _rising(tuning)
    return {
        BEFORE: labels.scale.stretched(scores, tuning.config.scale, rising=rising),
        MAP: _mapped(tuning, scores, labels.label_scores),
        TUNED: labels.score(outputs),
    }


def _prediction_intervals(
    scores: Floats, true: Floats, scale: ScoreScale, cases: Sequence[str]
) -> IntervalCalibration:
    """Prediction intervals from the errors on patients held out."""
    rated = RatedByOthers(
        errors=scores - true,
        spread=np.zeros(len(true)),
        share=(scores - scale.low) / (scale.high - scale.low),
        processed=np.zeros(len(true)),
        cases=cases,
    )
    return calibrate_by_case(rated)


def _of_heads(tuning: FineTuning, outputs: Floats) -> dict[str, Agreement]:
    found = {}
    for at, one in enumerate(tuning.labels.attributes):
        rated = ~np.isnan(tuning.labels.values[:, at])
        found[one.name] = agreement(outputs[rated, at], tuning.labels.values[rated, at])
    return found


def _rising(tuning: FineTuning) -> bool:
    return tuning.config.scale.higher_is_better == tuning.labels.scale.higher_is_better


def _mapped(tuning: FineTuning, scores: Floats, true: Floats) -> Floats:
    """Scores of the model before, by a map that is fitted on the other folds."""
    found, scale = np.empty(len(scores)), tuning.labels.scale
    for fold in tuning.folds:
        train = [at for at in fold.train if not np.isnan(true[at])]
        fitted = fit_logistic_map(scores[train], true[train], scale, rising=_rising(tuning))
        out = list(fold.validation)
        found[out] = curve(scores[out], *fitted, scale)
    return found


def _notes(
    figures: Mapping[str, Agreement], difference: Mapping[str, FigureDifference]
) -> list[str]:
    notes = []
    mae, srocc = difference["mae"].interval, difference["signed_srocc"].interval
    better = (mae is not None and mae[1] < 0) or (srocc is not None and srocc[0] > 0)
    if not better:
        notes.append(
            "on patients held out the network is not better than the model before, within the "
            "95 % intervals of error and rank correlation"
        )
    if figures[TUNED].mae >= figures[MAP].mae:
        notes.append(
            "on patients held out a map of the score alone is no worse: `distiliqa calibrate` "
            "keeps the network as it was tested"
        )
    return notes
