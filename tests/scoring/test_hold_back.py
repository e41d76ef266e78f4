from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.support.made import CALIBRATED

from distiliqa.models.score_scale import ScoreScale
from distiliqa.scoring.hold_back import LOST_DETAIL, held_back, reaching_down
from distiliqa.scoring.model import Model, load_model

CALIBRATION = CALIBRATED["processed_calibration"]
UP = ScoreScale(0.0, 4.0, "higher is better")
DOWN = ScoreScale(0.0, 4.0, "lower is better", higher_is_better=False)


def noisy(sd: float) -> np.ndarray:
    return np.random.default_rng(0).normal(20, sd, (512, 512)).astype(np.float32)


@pytest.fixture
def model(processed_model: Path) -> Model:
    return load_model(processed_model)


@pytest.mark.parametrize(
    ("probability", "score"), [(0.0, 3.0), (0.5, 3.0), (0.75, 2.8), (1.0, 2.6)]
)
def test_a_score_gets_worse_in_proportion_above_the_threshold(probability: float, score: float):
    assert held_back(3.0, probability, CALIBRATION, UP) == pytest.approx(score)
    assert held_back(1.0, probability, CALIBRATION, DOWN) == pytest.approx(4 - score)


def test_a_score_ends_at_the_worst_of_the_scale_and_one_beyond_it_stays():
    assert held_back(0.1, 1.0, CALIBRATION, UP) == 0.0
    assert held_back(-0.1, 1.0, CALIBRATION, UP) == -0.1
    assert held_back(4.1, 1.0, CALIBRATION, DOWN) == 4.1


def test_the_worse_end_moves_and_the_better_one_stays():
    assert reaching_down((2.0, 3.5), 0.75, CALIBRATION, UP) == (1.5, 3.5)
    assert reaching_down((0.5, 2.0), 0.75, CALIBRATION, DOWN) == (0.5, 2.5)
    assert reaching_down((0.5, 3.5), 1.0, CALIBRATION, UP) == (0.0, 3.5)


def test_a_smooth_slice_is_held_back_with_a_warning(model: Model):
    found = model.score(noisy(5))
    share = (found.processed - 0.5) / 0.5
    assert found.processed == pytest.approx(1 / (1 + np.exp(-5)), abs=0.01)
    assert found.score == pytest.approx(np.mean(found.outputs) - 0.4 * share)
    assert found.raw_score == pytest.approx(np.mean(found.outputs))
    half = found.spread + 0.2
    low, high = found.raw_score - half - share, min(found.raw_score + half, 4)
    assert found.interval == pytest.approx((low, high))
    assert found.counts_as_processed
    assert found.warnings == (LOST_DETAIL,)


def test_a_noisy_slice_keeps_its_score(model: Model):
    found = model.score(noisy(20))
    assert found.processed == pytest.approx(0, abs=0.001)
    assert (found.score, found.warnings) == (pytest.approx(found.raw_score), ())
    assert not found.counts_as_processed


def test_without_a_calibration_the_probability_is_reported_alone(model: Model):
    bare = replace(model, config=replace(model.config, processed_calibration=None))
    found = bare.score(noisy(5))
    assert found.processed > 0.9
    assert (found.score, found.warnings) == (pytest.approx(found.raw_score), ())


def test_an_image_without_a_patient_has_no_probability(model: Model):
    found = model.score(np.full((512, 512), -1000.0))
    assert (found.score, found.processed, found.interval) == (0.0, None, None)


def test_a_model_without_the_output_reports_none(tiny_model: Path):
    found = load_model(tiny_model).score(noisy(5))
    assert (found.processed, found.counts_as_processed) == (None, False)
    assert found.score == pytest.approx(np.mean(found.outputs))
