"""A calibration: what it is worth on patients left out, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from distiliqa.calibrate.result import MAP, MEDIAN, NO_MAP, Calibration
from distiliqa.calibrate.run import calibrate_model, useless_map_note
from distiliqa.errors import DistiliqaError
from distiliqa.models.score_map import curve
from distiliqa.models.score_scale import ScoreScale
from distiliqa.readers.rating_table import RatingTable, read_table
from distiliqa.readers.reader_scales import mean_ratings
from distiliqa.scoring.model import Model
from distiliqa.statistics.logistic_map import fit_logistic_map

SCALE = ScoreScale(0.0, 5.5, "as our readers rate it")


def calibrated(model: Model, table: RatingTable, scale: ScoreScale = SCALE) -> Calibration:
    return calibrate_model(model, mean_ratings(table), table.path.parent, scale)


@pytest.fixture
def table(site: Path) -> RatingTable:
    return read_table(site / "ratings.csv")


def test_the_map_is_better_than_none_and_than_the_median(model: Model, table: RatingTable) -> None:
    found = calibrated(model, table)
    mae = {name: found.agreement(name).mae for name in (MAP, NO_MAP, MEDIAN)}
    assert mae[MAP] < 0.3 < mae[NO_MAP]
    assert mae[MEDIAN] > 0.8
    assert (found.score_map.images, found.score_map.cases, found.score_map.readers) == (48, 12, 2)
    assert found.score_map.mae == pytest.approx(mae[MAP])
    assert found.score_map.note == ""
    bounds = found.differences[MEDIAN].interval
    assert bounds is not None
    assert bounds[1] < 0
    assert found.intervals.cases == 12
    assert len(found.sha256) == 48


def test_each_patient_is_predicted_by_the_others(model: Model, table: RatingTable) -> None:
    found = calibrated(model, table)
    scores = np.array([s.score for row in table.rows for s in [_score(model, table, row.name)]])
    first = np.array([row.case == "p0" for row in table.rows])
    expected = fit_logistic_map(scores[~first], found.ratings[~first], SCALE, rising=True)
    mapped = curve(scores[first], *expected, SCALE)
    np.testing.assert_allclose(found.predicted[MAP][first], mapped, atol=1e-6)
    median = np.median(found.ratings[~first])
    assert set(found.predicted[MEDIAN][first]) == {median}


def _score(model: Model, table: RatingTable, name: str):
    return model.score(np.load(table.path.parent / name))


def test_a_pattern_is_one_rating_of_several_slices(model: Model, table: RatingTable) -> None:
    """The two least noisy slices of a patient share a rating."""
    kept = [at for at, row in enumerate(table.rows) if not row.name.endswith("_5.npy")]
    names = [table.rows[at].name.replace("_15.npy", "_*5.npy") for at in kept]
    rows = [table.rows[at]._replace(name=name) for at, name in zip(kept, names, strict=True)]
    found = calibrated(model, replace(table, rows=tuple(rows), ratings=table.ratings[kept]))
    assert found.score_map.images == 36
    assert len(found.sha256) == 48
    single = calibrated(model, replace(
        table, rows=tuple(table.rows[at] for at in kept), ratings=table.ratings[kept]
    ))  # fmt: skip
    assert found.score_map.intercept != single.score_map.intercept


@pytest.mark.parametrize(
    ("errors", "says"),
    [
        ((0.5, 0.6, 0.5), "no better than the median rating alone"),
        ((0.5, 0.4, 0.7), "no better than the score without it"),
        ((0.5, 0.6, 0.7), ""),
    ],
)
def test_a_map_that_does_not_help_has_a_note(errors: tuple[float, float, float], says: str) -> None:
    found = useless_map_note(dict(zip((MAP, NO_MAP, MEDIAN), errors, strict=True)))
    assert says in found
    assert bool(says) == bool(found)


def changed(table: RatingTable, how: str) -> RatingTable:
    if how == "few images":
        kept = [at for at, row in enumerate(table.rows) if not row.name.endswith("_60.npy")][:29]
        kept = sorted(kept, key=lambda at: table.rows[at].name)
        return replace(
            table, rows=tuple(table.rows[at] for at in kept), ratings=table.ratings[kept]
        )
    if how == "few patients":
        return replace(table, rows=table.rows[:36], ratings=table.ratings[:36])
    if how == "one patient":
        return replace(table, rows=tuple(row._replace(case="p") for row in table.rows))
    if how == "unknown":
        return replace(table, rows=tuple(row._replace(case=None) for row in table.rows))
    return replace(table, ratings=6 - table.ratings)


@pytest.mark.parametrize(
    ("how", "says"),
    [
        ("few images", "29 rated images of 10 patients are too few for a map"),
        ("few patients", "36 rated images of 9 patients are too few"),
        ("one patient", "48 rated images of 1 patient are too few"),
        ("unknown", "the patient of 'p0_5.npy' and of 47 more is not known; name patients in a"),
        ("reversed", "better scores do not have better ratings (rank correlation -0."),
    ],
)
def test_what_is_refused(model: Model, table: RatingTable, how: str, says: str) -> None:
    with pytest.raises(DistiliqaError) as error:
        calibrated(model, changed(table, how))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_ratings_may_fall_where_that_is_stated(model: Model, table: RatingTable) -> None:
    falling = ScoreScale(0.0, 6.0, "school mark", higher_is_better=False)
    found = calibrated(model, replace(table, ratings=6 - table.ratings), falling)
    assert found.score_map.slope < 0
    assert found.agreement(MAP).signed_srocc > 0.8  # type: ignore[operator]
