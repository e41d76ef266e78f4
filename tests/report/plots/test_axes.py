from __future__ import annotations

import pytest

from distiliqa.report.plots.axes import Axis, limits_of


def test_values_lie_where_they_should_and_never_outside():
    axis = Axis(0, 4, start=198, end=30)
    assert (axis.at(0), axis.at(4), axis.at(2)) == (198, 30, 114)
    assert (axis.at(-1), axis.at(5)) == (198, 30)


@pytest.mark.parametrize(
    ("low", "high", "labels"),
    [
        (0, 4, ["0", "1", "2", "3", "4"]),
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (-130, 210, ["-100", "0", "100", "200"]),
        (2.31, 2.36, ["2.31", "2.32", "2.33", "2.34", "2.35", "2.36"]),
    ],
)
def test_ticks_are_round(low: float, high: float, labels: list[str]):
    assert list(Axis(low, high, 0, 300).ticks(50).values()) == labels


@pytest.mark.parametrize(
    ("values", "limits"),
    [([10, 20], (0, 21)), ([-2, 2], (-2.2, 2.2)), ([-20], (-21, 0)), ([], (0, 1)), ([0], (0, 1))],
)
def test_an_axis_holds_zero(values: list[float], limits: tuple[float, float]):
    assert limits_of(values) == pytest.approx(limits)
