from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.made import made_score

from distiliqa.ct import Acquisition
from distiliqa.dose_response.result import DosePoint, DoseResponse
from distiliqa.models.config import ModelConfig
from distiliqa.models.score_scale import ScoreScale

MODEL = ModelConfig("m", "1", {}, 1, ScoreScale(0, 4, "made up"))


def point(dose: float, *scores: float, **facts: object) -> DosePoint:
    made = made_score(0.0, **facts)
    return DosePoint(dose, tuple(replace(made, score=score) for score in scores))


def response(*points: DosePoint, model: ModelConfig = MODEL, least: float = 3.0) -> DoseResponse:
    return DoseResponse(model, "in", least, points, 0, (), 9, 0, {})


def test_the_safer_curves_need_more_dose():
    found = response(
        point(1, *[3.9, 3.8, 4.0] * 2),
        point(0.5, *[3.4, 3.0, 3.5] * 2),
        point(0.1, *[2, 1, 2.5] * 2),
    )
    mean, interval, tenth = found.bases
    assert mean.values == pytest.approx((3.9, 3.3, 5.5 / 3))
    assert all(low <= middle for low, middle in zip(interval.values, mean.values, strict=True))
    assert found.lowest(interval).dose > found.lowest(mean).dose
    assert tenth.values == (3.8, 3.0, 1)
    assert found.leading == (interval, tenth) == found.safest_first[:2]
    assert found.at(mean, 0.5) == pytest.approx(3.3)


def test_one_slice_has_a_mean_and_no_interval():
    found = response(point(1, 3.9), point(0.5, 3.0))
    assert [(basis.kind, basis.name) for basis in found.bases] == [("mean", "mean score")]
    assert found.points[0].interval is None
    assert found.leading == found.bases


def test_few_slices_are_read_from_the_worst_tenth_alone():
    found = response(point(1, 3.9, 3.8, 4.0, 3.9), point(0.5, 3.4, 3.0, 3.5, 3.3))
    assert [basis.kind for basis in found.bases] == ["mean", "tenth"]
    assert [basis.kind for basis in found.leading] == ["tenth"]


def test_prediction_intervals_are_a_curve_of_their_own():
    sure = {"interval": (2.0, 3.5)}
    found = response(point(1, *[3.9, 3.8] * 3, **sure), point(0.5, *[3.4, 3.3] * 3, **sure))
    assert [basis.kind for basis in found.bases] == ["mean", "interval", "prediction", "tenth"]
    assert found.bases[2].values == (2.0, 2.0)
    assert found.lowest(found.bases[2]).bound == "full"


def at(dose: float, *noise: float | None) -> DosePoint:
    """Slices of these noise levels."""
    slices = point(dose, *[3.9] * len(noise)).slices
    known = zip(slices, noise, strict=True)
    return DosePoint(dose, tuple(replace(slice_, noise_hu=hu) for slice_, hu in known))


def test_noise_is_the_mean_of_the_same_slices_at_all_doses():
    """The noisiest slice has no noise level at low dose."""
    found = response(at(1, 10, 8, 90), at(0.25, 20, 16, None))
    assert found.noise_hu == ((9, 18), 2, 1)
    assert [found.noise_hu.at(number) for number in (0, 1)] == [9, 18]
    assert (found.dprime.values, found.dprime.at(0)) == ((), None)


def test_noise_and_detectability_are_criteria_of_slices_that_have_them_at_all_doses():
    found = replace(response(at(1, 10, 8, 90), at(0.25, 20, 16, None)), max_noise_hu=13.5)
    noise = found.bases[-1]
    assert (noise.missing, found.unjudged) == (1, ())
    assert (noise.kind, noise.values, noise.goal_text) == (
        "noise",
        (9, 18),
        "a noise level of at most 13.5 HU",
    )
    assert found.lowest(noise).dose == pytest.approx(0.5)
    assert replace(found, max_noise_hu=8.9).lowest(noise._replace(goal=8.9)).bound == "full"
    without = replace(found, max_noise_hu=None, min_dprime=5.0)
    assert "dprime" not in [basis.kind for basis in without.bases]
    assert [(basis.kind, basis.goal, basis.missing) for basis in without.unjudged] == [
        ("dprime", 5.0, 3)
    ]


def test_where_lower_is_better_the_upper_end_is_the_safer():
    scale = ScoreScale(0, 1, "error", higher_is_better=False)
    model = replace(MODEL, scale=scale)
    found = response(point(1, *[0.1, 0.2] * 3), point(0.5, *[0.4, 0.6] * 3), model=model, least=0.3)
    mean, interval, tenth = found.bases
    assert mean.goal_text == "a score of at most 0.3"
    assert interval.values[1] >= mean.values[1]
    assert tenth.values == (0.2, 0.6)
    assert 0.5 < found.lowest(mean).dose < 1
    assert found.lowest(mean).bound == "crossing"


def test_the_dose_is_that_of_the_header_where_all_slices_state_it():
    stated = {"acquisition": Acquisition(ctdivol_mgy=12.0)}
    assert response(point(1, 3, 3, **stated), point(0.5, 2, 2)).ctdivol_mgy == 12
    assert response(point(1, 3, 3), point(0.5, 2, 2)).ctdivol_mgy is None
