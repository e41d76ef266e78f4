"""The network beside the model before it and beside a map alone."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from distiliqa.lab.fine_tune.fine_tuning import FineTuning
from distiliqa.lab.fine_tune.tuning_result import BEFORE, MAP, TUNED, held_out_result


def test_a_perfect_network_is_better_than_the_model_before(
    tuning: Callable[..., FineTuning],
) -> None:
    found = tuning()
    result = held_out_result(found, found.labels.values + 0.01)
    assert result.figures[TUNED].mae == pytest.approx(0.01)
    assert result.figures[BEFORE].mae > 0.5
    assert result.difference["mae"].interval is not None
    assert result.difference["mae"].interval[1] < 0
    assert result.notes == ()
    assert result.intervals.cases == 13
    assert set(result.as_dict()["held_out"]) == {BEFORE, MAP, TUNED}


def test_the_model_itself_is_no_better(tuning: Callable[..., FineTuning]) -> None:
    found = tuning()
    before = held_out_result(found, found.labels.values).predicted[BEFORE]
    result = held_out_result(found, before[:, None])
    assert result.difference["mae"].value == 0
    assert "not better than the model before" in result.notes[0]
    assert "a map of the score alone is no worse" in result.notes[1]
    assert np.isfinite(result.predicted[MAP]).all()
