"""Metrics against scipy, against values worked out by hand, and where they are undefined."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from distiliqa.errors import DistiliqaError
from distiliqa.statistics.agreement import (
    METRICS,
    agreement,
    krocc,
    mae,
    mse,
    overall,
    plcc,
    srocc,
)


def test_hand_values_with_ties() -> None:
    predicted, true = [1, 2, 2, 4], [1, 3, 2, 3]
    # Deviations (-1.25, -.25, -.25, 1.75) and (-1.25, .75, -.25, .75).
    assert plcc(predicted, true) == pytest.approx(2.75 / math.sqrt(4.75 * 2.75))
    # Mean ranks (1, 2.5, 2.5, 4) and (1, 3.5, 2, 3.5).
    assert srocc(predicted, true) == pytest.approx(3.75 / 4.5)
    # Six pairs: four concordant, none discordant, one tied on each side.
    assert krocc(predicted, true) == pytest.approx(4 / 5)
    assert mae(predicted, true) == pytest.approx(0.5)
    assert mse(predicted, true) == pytest.approx(0.5)


@pytest.mark.parametrize("levels", [0, 5, 21])
def test_scipy(levels: int) -> None:
    rng = np.random.default_rng(levels)
    true = rng.uniform(0, 4, 80)
    predicted = true + rng.normal(0, 1, 80)
    if levels:
        true, predicted = np.round(true * levels / 4), np.round(predicted * levels / 4)
    assert plcc(predicted, true) == pytest.approx(stats.pearsonr(predicted, true).statistic)
    assert srocc(predicted, true) == pytest.approx(stats.spearmanr(predicted, true).statistic)
    assert krocc(predicted, true) == pytest.approx(stats.kendalltau(predicted, true).statistic)
    result = agreement(predicted, true)
    assert result.overall == pytest.approx(result.plcc + result.srocc + result.krocc)
    assert overall(predicted, true) == result.overall
    assert (result.n, result.notes) == (80, ())
    assert tuple(result.as_dict()) == METRICS


def test_perfect_and_reversed_are_both_3_but_reversed_says_so() -> None:
    true = [0.0, 1.0, 2.0, 3.0]
    assert agreement(true, true).overall == pytest.approx(3)
    upside_down = agreement(true[::-1], true)
    assert upside_down.overall == pytest.approx(3)
    assert upside_down.notes == ("negative, given as absolute value: plcc, srocc, krocc",)


@pytest.mark.parametrize(
    ("predicted", "true", "who"),
    [
        # 0.1 has no exact mean, so a correlation would be made of rounding errors.
        (np.full(7, 0.1, np.float32), np.arange(7.0), "predictions"),
        (np.arange(3.0), np.ones(3), "labels"),
        (np.ones(1), np.zeros(1), "predictions and labels"),
    ],
)
def test_undefined_correlations_are_zero_with_a_note(
    predicted: np.ndarray, true: np.ndarray, who: str
) -> None:
    result = agreement(predicted, true)
    assert (result.plcc, result.srocc, result.krocc, result.overall) == (0, 0, 0, 0)
    assert result.notes == (f"constant {who}: correlations are undefined and given as 0",)
    assert all(map(math.isfinite, result.as_dict().values()))


def test_not_finite_is_an_error() -> None:
    with pytest.raises(DistiliqaError, match="the prediction of image 1 is nan"):
        agreement([0, math.nan], [0, 1])
    with pytest.raises(DistiliqaError, match="the label of image 0 is inf"):
        agreement([0, 1], [math.inf, 1])


@pytest.mark.parametrize("shapes", [((2,), (3,)), ((2, 1), (2, 1)), ((0,), (0,))])
def test_wrong_shapes_are_an_error(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ValueError, match="equally long"):
        agreement(np.zeros(shapes[0]), np.zeros(shapes[1]))


def test_signs_are_kept_beside_the_published_absolute_values() -> None:
    found = agreement([4, 3, 1, 2], [1, 2, 3, 4])
    assert found.srocc == -found.signed_srocc == pytest.approx(0.8)  # type: ignore[operator]
    assert found.rmse == pytest.approx(math.sqrt(found.mse))
    assert list(found.figures())[:6] == list(found.as_dict())
    constant = agreement([1, 1], [1, 2])
    assert (constant.plcc, constant.signed_plcc) == (0, None)
