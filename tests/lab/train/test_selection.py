from __future__ import annotations

import pytest

from distiliqa.lab.train.rating import merit_of
from distiliqa.statistics.agreement import agreement


def merit(predicted: list[float], select_on: str, span: float = 4.0) -> float:
    found = agreement(predicted, [0.0, 1.0, 2.0, 4.0])
    rising = predicted[-1] >= predicted[0]
    return merit_of(found, rising=rising, select_on=select_on, span=span)


def test_the_epoch_that_is_kept_is_chosen_by_what_the_recipe_says() -> None:
    ordered, close = [1.0, 2.0, 3.0, 5.0], [0.0, 1.0, 2.0, 4.2]
    assert merit(ordered, "held_out") > merit(close, "held_out")
    for select_on in ("error", "error_and_correlation"):
        assert merit(ordered, select_on) < merit(close, select_on)
    assert merit([0.0, 1.0, 2.0, 4.0], "error_and_correlation") == pytest.approx(1)
    assert merit([4.0, 2.0, 1.0, 0.0], "held_out") < 0
    assert merit(close, "error", 8.0) == pytest.approx(merit(close, "error") / 2)
