"""What is compared with what: groups, quarters, cases, other predictions, the domain."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.evaluation import evaluate
from distiliqa.lab.evaluate.predictions import Predictions
from distiliqa.statistics.agreement import agreement
from distiliqa.statistics.group_bootstrap import paired_bootstrap


def test_outputs_are_averaged(images: list[RatedImage], predicted: np.ndarray) -> None:
    outputs = np.stack([predicted - 0.5, predicted + 0.5], axis=1)
    result = evaluate(outputs, images, resamples=20)
    np.testing.assert_allclose(result.predicted, predicted)


def test_metrics_on_the_label_grid(images: list[RatedImage], predicted: np.ndarray) -> None:
    true = [image.score for image in images]
    result = evaluate(predicted, images, resamples=20)
    assert result.step == pytest.approx(0.2)
    assert result.rounded is not None
    expected = agreement(np.rint(predicted * 5) / 5, true)
    assert result.rounded.as_dict() == pytest.approx(expected.as_dict())
    assert evaluate(predicted, images, grid=1.0, resamples=20).step == 1
    assert evaluate(predicted, images, grid=None, resamples=20).rounded is None


def test_quarters_cover_the_range_and_close_at_the_top(
    images: list[RatedImage], predicted: np.ndarray
) -> None:
    quarters = evaluate(predicted, images, resamples=20).quarters
    assert [(quarter.low, quarter.high) for quarter in quarters] == [(0, 1), (1, 2), (2, 3), (3, 4)]
    true = np.array([image.score for image in images])
    first, last = (true < 1), (true >= 3)
    assert quarters[0].metrics == agreement(predicted[first], true[first])
    assert quarters[3].metrics == agreement(predicted[last], true[last])
    assert sum(quarter.metrics.n for quarter in quarters if quarter.metrics) == len(images)


def test_an_empty_quarter_has_no_metrics() -> None:
    images = [
        RatedImage(str(i), path, score)
        for i, (path, score) in enumerate([(None, 0.0), (None, 0.1), (None, 4.0)])  # type: ignore[arg-type]
    ]
    quarters = evaluate([0, 1, 2], images, resamples=20).quarters
    assert [quarter.metrics and quarter.metrics.n for quarter in quarters] == [2, None, None, 1]


def test_cases(images: list[RatedImage], predicted: np.ndarray) -> None:
    images = [*images[:-1], replace(images[-1], case=None)]
    result = evaluate(predicted, images, resamples=20)
    assert list(result.cases) == ["C0", "C1", "C2", "C3"]
    true = np.array([image.score for image in images])
    assert result.cases["C1"] == agreement(predicted[1::4], true[1::4])
    assert result.cases["C3"].n == 9


def test_groups_fall_back_one_image_at_a_time(
    images: list[RatedImage], predicted: np.ndarray
) -> None:
    by_case = evaluate(predicted, images, resamples=20)
    assert (by_case.grouped_by, by_case.intervals.groups) == ("case", 4)
    assert by_case.notes == ("intervals from 4 groups are rough, rather too narrow",)
    by_image = evaluate(predicted, images, group="image", resamples=20)
    assert (by_image.grouped_by, by_image.intervals.groups) == ("image", 40)
    assert by_image.notes == ()
    mixed = [
        replace(images[0], case=None, source="S"),
        *images[1:-1],
        replace(images[-1], case=None),
    ]
    result = evaluate(predicted, mixed, resamples=20)
    assert (result.grouped_by, result.intervals.groups) == ("case or source or image", 6)


def test_one_group_has_no_intervals(images: list[RatedImage], predicted: np.ndarray) -> None:
    images = [replace(image, case="C") for image in images]
    result = evaluate(predicted, images, resamples=20)
    assert set(result.intervals.bounds.values()) == {None}
    assert result.notes == ("one group only: no intervals",)


def test_correlation_within_patients_and_slices(
    images: list[RatedImage], predicted: np.ndarray
) -> None:
    images = [replace(image, source=f"S{i // 8}") for i, image in enumerate(images)]
    within = evaluate(predicted, images, resamples=20).within
    true = np.array([image.score for image in images])
    parts = [agreement(predicted[k::4], true[k::4]).signed_srocc for k in range(4)]
    assert within["case"].srocc == pytest.approx(np.mean(parts))  # type: ignore[arg-type]
    assert (within["source"].groups, within["source"].left_out) == (5, 0)


def test_what_a_model_knows_beside_its_scores(
    images: list[RatedImage], predicted: np.ndarray
) -> None:
    out = np.arange(40) >= 30
    intervals = np.stack([predicted - 0.5, predicted + 0.5], axis=1)
    known = Predictions(predicted, intervals, 0.9, out, (0.0, 4.0))
    result = evaluate(known, images, resamples=20)
    true = np.array([image.score for image in images])
    assert result.domain == {
        "in": agreement(predicted[:30], true[:30]),
        "out": agreement(predicted[30:], true[30:]),
    }
    assert result.coverage is not None
    assert result.coverage.share == np.mean(np.abs(predicted - true) <= 0.5)
    assert (result.coverage.stated, result.coverage.images) == (0.9, 40)
    nowhere = evaluate(replace(known, out_of_domain=np.zeros(40, bool)), images, resamples=20)
    assert nowhere.domain["out"] is None
    plain = evaluate(predicted, images, resamples=20)
    assert (plain.coverage, plain.domain, plain.difference) == (None, {}, None)


def test_difference_to_other_predictions(images: list[RatedImage], predicted: np.ndarray) -> None:
    other = np.random.default_rng(5).permutation(predicted)
    result = evaluate(predicted, images, resamples=50, seed=2, against=other)
    true = [image.score for image in images]
    groups = [f"case {image.case}" for image in images]
    assert result.difference == paired_bootstrap(
        predicted, other, true, groups, resamples=50, seed=2
    )


def test_different_scales_are_noted(images: list[RatedImage], predicted: np.ndarray) -> None:
    (_, note) = evaluate(predicted * 25, images, resamples=20).notes
    assert "on different scales" in note
    assert len(evaluate(predicted, images, resamples=20).notes) == 1


def test_a_logistic_fit_is_made_where_asked_for(
    images: list[RatedImage], predicted: np.ndarray
) -> None:
    assert evaluate(predicted, images, resamples=20).logistic is None
    fit = evaluate(25 * predicted, images, resamples=20, logistic=True).logistic
    assert fit is not None
    assert fit.rmse < 0.5
