from __future__ import annotations

import math

import pytest

from distiliqa.report.plots import profile, svg
from distiliqa.report.plots.axes import Axis, limits_around, limits_of, x_axis
from distiliqa.report.plots.scene import Stroke, Text


def test_values_lie_where_they_should_and_never_beyond():
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


def test_small_differences_are_no_slope():
    assert limits_around([300, 302], 100) == (251, 351)
    assert limits_around([200, 400], 100) == (180, 420)
    assert limits_around([300], 100) == (250, 350)


EXTREMES = [0.0, -0.0, 1.0, 4.0, 1e-320, 1e-12, 1e7, 1e15, 1e30, 1.7e308, math.inf, math.nan]


@pytest.mark.parametrize("low", [*EXTREMES, *(-value for value in EXTREMES)])
def test_any_ends_make_an_axis(low: float):
    for high in (*EXTREMES, *(-value for value in EXTREMES), low + 1e-9, math.nextafter(low, 9e9)):
        axis = Axis(low, high, start=198, end=30)
        ticks = axis.ticks(32)
        assert len(ticks) <= 8
        assert all(math.isfinite(tick) and len(label) < 30 for tick, label in ticks.items())
        for value in (low, high, *EXTREMES):
            assert 30 <= axis.at(value) <= 198


def test_labels_do_not_overlap():
    across = Axis(0, 100, start=46, end=348)
    ticks = {value: f"{value:g}" for value in (0, 1, 2, 50, 99, 100)}
    shapes = [*x_axis(across, 30, 200, "dose", ticks)]
    labels = [shape.text for shape in shapes if isinstance(shape, Text)]
    assert labels == ["0", "50", "99", "dose"]
    assert sum(isinstance(shape, Stroke) and shape.style == "grid" for shape in shapes) == 6


def test_an_axis_may_run_downwards():
    axis = Axis(4, 0, start=0, end=100)
    assert [axis.at(value) for value in (4, 3, 0, 9)] == [0, 25, 100, 0]
    assert list(axis.ticks(25).values()) == ["0", "1", "2", "3", "4"]


def test_one_place_far_away_is_drawn_in_the_middle():
    drawn = svg(profile([1e30, 1e30], [1.0, 2.0], x_label="z, mm", y_label="score"))
    assert drawn.count('cx="197"') == 2
    assert "1e+30" in drawn
