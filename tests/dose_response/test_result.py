from __future__ import annotations

import math
from dataclasses import replace

import pytest
from tests.support.made import made_score

from distiliqa.ct import Acquisition
from distiliqa.dose_response.result import DosePoint, DoseResponse, LowestDose, at_dose, lowest_dose
from distiliqa.models.config import ModelConfig
from distiliqa.models.score_scale import ScoreScale

MODEL = ModelConfig("m", "1", {}, 1, ScoreScale(0, 4, "made up"))


def point(dose: float, *scores: float, **facts: object) -> DosePoint:
    made = made_score(0.0, **facts)
    return DosePoint(dose, tuple(replace(made, score=score) for score in scores))


def response(*points: DosePoint, model: ModelConfig = MODEL, least: float = 3.0) -> DoseResponse:
    return DoseResponse(model, "in", least, points, 0, (), 9, 0, {})


def test_the_safer_curves_need_more_dose():
    found = response(point(1, 3.9, 3.8, 4.0), point(0.5, 3.4, 3.0, 3.5), point(0.1, 2, 1, 2.5))
    mean, interval = found.bases
    assert mean.values == pytest.approx((3.9, 3.3, 5.5 / 3))
    assert all(low <= middle for low, middle in zip(interval.values, mean.values, strict=True))
    assert found.lowest(interval).dose > found.lowest(mean).dose
    assert found.at(mean, 0.5) == pytest.approx(3.3)


def test_one_slice_has_a_mean_and_no_interval():
    found = response(point(1, 3.9), point(0.5, 3.0))
    assert [(basis.kind, basis.name) for basis in found.bases] == [("mean", "mean score")]
    assert found.points[0].interval is None


def test_prediction_intervals_are_a_curve_of_their_own():
    sure = {"interval": (2.0, 3.5)}
    found = response(point(1, 3.9, 3.8, **sure), point(0.5, 3.4, 3.3, **sure))
    assert [basis.kind for basis in found.bases] == ["mean", "interval", "prediction"]
    assert found.bases[-1].values == (2.0, 2.0)
    assert found.lowest(found.bases[-1]).bound == "full"


def test_where_lower_is_better_the_upper_end_is_the_safer():
    scale = ScoreScale(0, 1, "error", higher_is_better=False)
    model = replace(MODEL, scale=scale)
    found = response(point(1, 0.1, 0.2), point(0.5, 0.4, 0.6), model=model, least=0.3)
    mean, interval = found.bases
    assert interval.values[1] >= mean.values[1]
    assert 0.5 < found.lowest(mean).dose < 1
    assert found.lowest(mean).bound == "crossing"


def test_the_dose_is_that_of_the_header_where_all_slices_state_it():
    stated = {"acquisition": Acquisition(ctdivol_mgy=12.0)}
    assert response(point(1, 3, 3, **stated), point(0.5, 2, 2)).ctdivol_mgy == 12
    assert response(point(1, 3, 3), point(0.5, 2, 2)).ctdivol_mgy is None


DOSES = [1.0, 0.5, 0.25, 0.125]


def test_half_way_down_in_score_is_half_way_in_the_logarithm():
    found = lowest_dose(DOSES, [4.0, 3.5, 2.5, 1.0], 3.0)
    assert found.bound == "crossing"
    assert found.dose == pytest.approx(math.sqrt(0.5 * 0.25))


@pytest.mark.parametrize(
    ("quality", "dose", "bound"),
    [
        ([4, 3.5, 3.2, 3.0], 0.125, "simulated"),
        ([2.9, 3.5, 2.0, 1.0], None, "full"),
        ([4, 3.0, 2.0, 1.0], 0.5, "crossing"),
    ],
)
def test_the_ends_are_reported(quality: list[float], dose: float | None, bound: str):
    found = lowest_dose(DOSES, quality, 3.0)
    assert found.bound == bound
    assert found.dose == (None if dose is None else pytest.approx(dose))


def test_quality_that_comes_back_below_does_not_count():
    first = lowest_dose(DOSES, [4.0, 2.0, 4.0, 4.0], 3.0)
    assert first == LowestDose(pytest.approx(math.sqrt(0.5)), "crossing")


def test_values_between_doses():
    assert at_dose(DOSES, [4, 3, 2, 1], 0.5) == 3
    assert at_dose(DOSES, [4, 3, 2, 1], math.sqrt(0.125)) == pytest.approx(2.5)
    assert at_dose(DOSES, [4, 3, 2, 1], 0.1) is None
