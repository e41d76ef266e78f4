"""The lowest dose by a curve."""

from __future__ import annotations

import math

import pytest

from distiliqa.dose_response.basis import Basis, LowestDose, at_dose, lowest_dose

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


@pytest.mark.parametrize(
    ("value", "text"), [(14.2, "14.2 HU"), (13.04, "13.04 HU"), (13.0004, "13.0004 HU")]
)
def test_a_value_does_not_look_like_the_goal_that_it_misses(value: float, text: str):
    assert Basis("noise", (value,), 13.0, higher_is_better=False).text(value) == text


def test_values_between_doses():
    assert at_dose(DOSES, [4, 3, 2, 1], 0.5) == 3
    assert at_dose(DOSES, [4, 3, 2, 1], math.sqrt(0.125)) == pytest.approx(2.5)
    assert at_dose(DOSES, [4, 3, 2, 1], 0.1) is None
