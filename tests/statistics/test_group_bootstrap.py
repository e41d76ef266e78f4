"""Weighted metrics equal those of the drawn images; intervals widen with dependence."""

from __future__ import annotations

import math

import numpy as np
import pytest

from distiliqa.statistics import group_bootstrap as module
from distiliqa.statistics.agreement import FIGURES, agreement
from distiliqa.statistics.group_bootstrap import bootstrap, paired_bootstrap


def make_scores(n: int = 40, levels: int = 10) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true = np.round(rng.uniform(0, levels, n)) / levels
    return np.round(true + rng.normal(0, 0.2, n), 1), true


def test_weighted_metrics_are_those_of_the_drawn_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IMAGES_AT_ONCE", 7)
    predicted, true = make_scores()
    weights = np.random.default_rng(1).multinomial(40, np.full(40, 1 / 40), size=50)
    values = module._weighted_agreement(weights, predicted, true)
    for resample, weight in enumerate(weights):
        drawn = np.repeat(np.arange(40), weight)
        expected = agreement(predicted[drawn], true[drawn]).figures()
        for metric in FIGURES:
            assert values[metric][resample] == pytest.approx(expected[metric], abs=1e-12)


def test_point_value_lies_inside_and_seed_decides() -> None:
    predicted, true = make_scores(100)
    groups = [str(i) for i in range(100)]
    result = bootstrap(predicted, true, groups, resamples=500, seed=1)
    for metric, value in agreement(predicted, true).as_dict().items():
        bounds = result.bounds[metric]
        assert bounds is not None
        assert bounds[0] < value < bounds[1]
    assert result == bootstrap(predicted, true, groups, resamples=500, seed=1)
    assert result != bootstrap(predicted, true, groups, resamples=500, seed=2)


def test_known_interval_of_a_mean() -> None:
    error = np.random.default_rng(0).exponential(1, 400)
    result = bootstrap(error, np.zeros(400), [str(i) for i in range(400)], resamples=4000)
    half = 1.96 * error.std() / 20
    assert result.bounds["mae"] == pytest.approx(
        (error.mean() - half, error.mean() + half), abs=0.02
    )
    # Constant labels: no resample has a correlation, and none is nan.
    assert result.bounds["overall"] is None
    assert result.undefined == 4000


def test_groups_of_copies_count_once() -> None:
    predicted, true = make_scores(30)
    once = bootstrap(predicted, true, [str(i) for i in range(30)], resamples=300)
    copies = [str(i) for i in range(30)] * 4
    fourfold = bootstrap(np.tile(predicted, 4), np.tile(true, 4), copies, resamples=300)
    alone = bootstrap(
        np.tile(predicted, 4), np.tile(true, 4), [str(i) for i in range(120)], resamples=300
    )
    width = {
        name: result.bounds["plcc"][1] - result.bounds["plcc"][0]  # type: ignore[index]
        for name, result in (("once", once), ("fourfold", fourfold), ("alone", alone))
    }
    assert width["fourfold"] == pytest.approx(width["once"], rel=1e-6)
    assert width["alone"] < 0.7 * width["once"]


def test_undefined_resamples_are_counted_and_one_group_has_no_interval() -> None:
    result = bootstrap([0, 1, 2], [0, 1, 2], ["a", "b", "c"], resamples=300)
    # Three of 27 draws take one image three times.
    assert 15 < result.undefined < 60
    assert result.bounds["plcc"] == pytest.approx((1, 1))
    single = bootstrap([0, 1, 2], [0, 1, 2], ["a"] * 3, resamples=10)
    assert set(single.bounds.values()) == {None}


def test_resamples_are_computed_together(monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []
    agreement = module._weighted_agreement
    monkeypatch.setattr(
        module,
        "_weighted_agreement",
        lambda weights, x, y: passes.append(weights.shape) or agreement(weights, x, y),
    )
    rng = np.random.default_rng(0)
    true = np.round(rng.uniform(0, 4, 300) * 6) / 6
    bootstrap(true + rng.normal(0, 0.4, 300), true, [str(i) for i in range(300)])
    assert passes == [(250, 300)] * 8


def test_paired_difference_of_errors_is_that_of_a_mean() -> None:
    rng = np.random.default_rng(3)
    shared, own = rng.exponential(1, 400), rng.normal(0.1, 0.5, 400)
    first, second = 5 + shared + own, 5 + shared
    groups = [str(i) for i in range(400)]
    found = paired_bootstrap(first, second, np.zeros(400), groups, resamples=4000)["mae"]
    assert found.value == pytest.approx(own.mean())
    half = 1.96 * own.std() / 20
    assert found.interval == pytest.approx((own.mean() - half, own.mean() + half), abs=0.01)
    z = own.mean() / (own.std() / 20)
    assert found.p == pytest.approx(math.erfc(abs(z) / math.sqrt(2)), abs=3e-3)


def test_p_of_no_difference_is_evenly_spread() -> None:
    rng = np.random.default_rng(4)
    ps = []
    for trial in range(60):
        true = rng.normal(0, 1, 80)
        first, second = (true + rng.normal(0, 1, 80) for _ in range(2))
        groups = [str(i // 2) for i in range(80)]
        p = paired_bootstrap(first, second, true, groups, resamples=200, seed=trial)["srocc"].p
        assert p is not None
        ps.append(p)
    assert sum(p < 0.5 for p in ps) in range(19, 42)  # 99.7 % of the binomial
    assert sum(p < 0.05 for p in ps) <= 9


def test_equal_predictions_do_not_differ() -> None:
    predicted, true = make_scores()
    groups = [str(i) for i in range(40)]
    found = paired_bootstrap(predicted, predicted, true, groups, resamples=99)
    assert {figure.p for figure in found.values()} == {1.0}
    alone = paired_bootstrap(predicted, predicted, true, ["a"] * 40, resamples=99)
    assert {(figure.interval, figure.p) for figure in alone.values()} == {(None, None)}
