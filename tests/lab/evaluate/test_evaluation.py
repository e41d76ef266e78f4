"""What is compared with what: groups, quarters, cases, the label grid.

Steps of ratings, exact and as files round them.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.evaluate.evaluation import detect_grid, evaluate, to_grid
from distiliqa.statistics.agreement import agreement


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


@pytest.mark.parametrize(
    ("labels", "step"),
    [
        ([0, 1, 4], 1),
        ([1.5, 2], 1 / 2),
        ([1.2, 0.4, 3.0], 1 / 5),
        ([3.0, 2.3333333333333335, 1.3333333333333333, 3.8333333333333335], 1 / 6),
        ([3.1667, 0.5], 1 / 6),
        ([0.74269865, 0.84238623, 1.0], None),
        ([1.0, 1.0], None),
        ([2.2], None),
    ],
)
def test_detect(labels: list[float], step: float | None) -> None:
    assert detect_grid(labels) == step


def test_to_grid_makes_equal_values_equal() -> None:
    rounded = to_grid([1.11, 1.29, 1.31, -0.05], 0.2)
    np.testing.assert_allclose(rounded, [1.2, 1.2, 1.4, 0])
    assert rounded[0] == rounded[1]
