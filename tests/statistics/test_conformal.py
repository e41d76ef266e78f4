"""Prediction intervals cover what they say."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.models.score_scale import ScoreScale
from distiliqa.statistics.conformal import calibrate

SCALE = ScoreScale(0.0, 4.0, "made up")


def made(rng: np.random.Generator, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Outputs and labels of images of which some are harder: their outputs spread more."""
    hardness = rng.choice([0.05, 0.4], count)
    labels = rng.uniform(1, 3, count)
    outputs = labels[:, None] + hardness[:, None] * (
        rng.standard_normal((count, 1)) + 0.5 * rng.standard_normal((count, 5))
    )
    return outputs, labels


@pytest.mark.parametrize("coverage", [0.8, 0.9])
def test_as_many_new_labels_lie_inside_as_stated(coverage: float) -> None:
    rng = np.random.default_rng(0)
    calibration = calibrate(*made(rng, 2000), cases=7, coverage=coverage)
    assert (calibration.coverage, calibration.images, calibration.cases) == (coverage, 2000, 7)
    outputs, labels = made(rng, 4000)
    spread = outputs.std(axis=1, ddof=1)
    ends = [
        calibration.interval(score, item, SCALE)
        for score, item in zip(outputs.mean(axis=1), spread, strict=True)
    ]
    low, high = np.transpose(ends)
    assert np.mean((low <= labels) & (labels <= high)) == pytest.approx(coverage, abs=0.02)
    wide = high - low
    assert wide[spread > 0.15].mean() > 2 * wide[spread < 0.05].mean()


def test_the_quantile_is_that_of_the_finite_sample() -> None:
    labels = np.zeros(9)
    calibration = calibrate(np.arange(1.0, 10.0)[:, None], labels, cases=1, coverage=0.9)
    assert (calibration.quantile, calibration.floor) == (9.0, 1.0)  # the ninth of nine
    assert calibrate(np.arange(1.0, 10.0)[:, None], labels, cases=1, coverage=0.5).quantile == 5


def test_an_interval_keeps_to_the_scale() -> None:
    calibration = calibrate(np.ones((30, 1)), np.zeros(30), cases=1)
    assert calibration.interval(0.5, 0.0, SCALE) == (0.0, 1.5)
    assert calibration.interval(3.5, 0.0, SCALE) == (2.5, 4.0)
    assert calibration.interval(5.5, 0.0, SCALE) == (4.0, 4.0)


def test_too_few_images_are_refused() -> None:
    with pytest.raises(DistiliqaError, match=r"8 images cannot calibrate intervals of 90 %"):
        calibrate(np.ones((8, 1)), np.zeros(8), cases=1)
