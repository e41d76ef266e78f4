from __future__ import annotations

import numpy as np
import pytest

from distiliqa.lab.train.processed_calibration import (
    UnknownDenoisers,
    calibrate_processed,
    same_weights,
    weighted_quantile,
)

UNTOUCHED = np.linspace(0.0, 0.6, 101)  # 95 % of them up to 0.57


def calibrated(probability, over_rating, beyond=None, kinds=None, span=4.0):
    probability, over_rating = np.asarray(probability), np.asarray(over_rating)
    beyond = np.full(len(probability), -1.0) if beyond is None else np.asarray(beyond)
    kinds = kinds or ["median"] * len(probability)
    unknown = UnknownDenoisers(probability, over_rating, beyond, kinds, ["P1"] * len(probability))
    return calibrate_processed(UNTOUCHED, ["A"] * 101, unknown, span)


def test_one_in_twenty_untouched_images_counts_as_processed() -> None:
    found = calibrated([1.0], [0.2])
    assert found.threshold == pytest.approx(0.57)
    assert sum(found.counts(p) for p in UNTOUCHED) == 5


def test_patients_of_untouched_images_have_the_same_weight() -> None:
    """A patient with many images of high probability does not set the threshold alone."""
    probability = np.array([*np.linspace(0, 0.2, 20), *np.full(2000, 0.9)])
    unknown = UnknownDenoisers(np.ones(1), np.ones(1), np.ones(1), ["median"], ["P"])
    few = calibrate_processed(
        probability, [*(f"P{n}" for n in range(20)), *["Q"] * 2000], unknown, 4.0
    )
    many = calibrate_processed(probability, ["P"] * 2020, unknown, 4.0)
    assert few.threshold < 0.21 < many.threshold


def test_a_score_is_held_back_by_the_over_rating_at_full_share() -> None:
    share = np.array([0.0, 0.25, 0.5, 1.0])
    probability = 0.57 + 0.43 * share
    assert calibrated(probability, 0.8 * share).held_back == pytest.approx(0.8)
    assert calibrated(probability, -0.8 * share).held_back == 0.0


def test_kinds_have_the_same_weight() -> None:
    kinds = ["median"] * 9 + ["bilateral"]
    found = calibrated(np.ones(10), np.array([0.0] * 9 + [1.0]), kinds=kinds)
    assert found.held_back == pytest.approx(0.5)
    assert (found.images, found.cases) == (10, 1)


def test_the_worse_end_reaches_19_of_20_labels() -> None:
    beyond = np.linspace(-1.0, 1.0, 101)
    found = calibrated(np.ones(101), np.full(101, 0.1), beyond)
    assert np.mean(beyond <= found.widened) == pytest.approx(0.95, abs=0.011)
    assert found.held_back == pytest.approx(0.1)
    inside = calibrated(np.ones(101), np.full(101, 0.3), beyond - 5)
    assert inside.widened == inside.held_back == pytest.approx(0.3)


def test_images_that_hardly_count_do_not_widen_intervals() -> None:
    """At the threshold an interval cannot be moved, however far the label is."""
    probability = np.array([*np.ones(50), *np.full(50, 0.5701)])
    found = calibrated(probability, np.full(100, 0.1), np.array([0.5] * 50 + [2.0] * 50))
    assert found.widened == pytest.approx(0.5)


def test_sizes_stay_within_the_scale_and_nothing_counts_without_a_share() -> None:
    assert calibrated([1.0], [9.0], [9.0]).widened == 4.0
    none = calibrated([0.3, 0.5], [1.0, 1.0])
    assert (none.held_back, none.widened, none.images) == (0.0, 0.0, 0)


def test_a_threshold_leaves_room_above_it() -> None:
    unknown = UnknownDenoisers(np.ones(1), np.ones(1), np.ones(1), ["median"], ["P"])
    assert calibrate_processed(np.ones(9), ["A"] * 9, unknown, 4.0).threshold == 0.99


def test_weighted_quantile_and_weights() -> None:
    weights = same_weights(["a", "a", "b"])
    assert weights.tolist() == [0.25, 0.25, 0.5]
    values = np.array([3.0, 1.0, 2.0])
    assert [weighted_quantile(values, weights, q) for q in (0.2, 0.75, 0.76, 1)] == [1, 2, 3, 3]
