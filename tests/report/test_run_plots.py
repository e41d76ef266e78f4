from __future__ import annotations

import math

import pytest
from tests.support.sized import sized_entry

from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.plots.scene import Mark, Scene, Stroke, Text
from distiliqa.report.run_plots import RunPlot, run_plots
from distiliqa.report.series_entry import SeriesEntry
from distiliqa.report.size_trends import protocol_trends

SCALE = ScoreScale(0, 4, True, "quality")


def drawn(entries: list[SeriesEntry]) -> list[RunPlot]:
    return run_plots(protocol_trends(entries), SCALE)


def series(count: int, **given: object) -> list[SeriesEntry]:
    made = {"noise_hu": 10.0, "ssde_mgy": 10.0} | given
    return [sized_entry(n, dw_mm=250 + 30 * n, **made) for n in range(count)]


def marks(scene: Scene) -> list[Mark]:
    """Points of series, without those of the legend."""
    return [shape for shape in scene.shapes if isinstance(shape, Mark) and shape.href]


def trends(scene: Scene) -> list[Stroke]:
    shapes = (shape for shape in scene.shapes if isinstance(shape, Stroke))
    return [shape for shape in shapes if shape.style.startswith("trend")]


def test_three_plots_each_with_all_series():
    noise, score, beside = (plot.scene for plot in drawn(series(4)))
    assert [len(marks(scene)) for scene in (noise, score, beside)] == [4, 4, 4]
    assert [len(trends(scene)) for scene in (noise, score, beside)] == [1, 1, 0]
    assert marks(noise)[0].href == "#s0"


def test_a_trend_of_a_law_goes_through_its_points():
    entries = [
        sized_entry(n, dw_mm=size, noise_hu=math.exp(size / 200), ssde_mgy=size / 30, score=n)
        for n, size in enumerate((250, 300, 350, 400))
    ]
    noise, *_ = (plot.scene for plot in drawn(entries))
    (line,) = trends(noise)
    ends = [(mark.x, mark.y) for mark in (marks(noise)[0], marks(noise)[-1])]
    assert [line.points[0], line.points[-1]] == [pytest.approx(end, abs=0.2) for end in ends]


def test_a_mean_is_drawn_as_wide_as_it_holds():
    entries = [sized_entry(n, dw_mm=300, noise_hu=hu) for n, hu in enumerate((10, 20, 40))]
    noise, *_ = (plot.scene for plot in drawn(entries))
    (line,) = trends(noise)
    left, right = line.points[0], line.points[-1]
    assert left[1] == right[1] == marks(noise)[1].y  # the geometric mean
    assert right[0] - left[0] == pytest.approx(302 * 20 / 100, abs=0.2)  # px of 20 mm


def test_series_without_a_dose_are_in_the_first_plot_alone():
    plots = drawn(series(3, ssde_mgy=None, reason="a phantom"))
    assert [plot.scene.title for plot in plots] == [
        "Noise level, HU by Water-equivalent diameter, mm"
    ]


def test_nothing_known_is_no_plot():
    assert drawn(series(2, noise_hu=None, ssde_mgy=None, reason="a phantom")) == []


def test_many_protocols_share_the_last_mark():
    entries = [sized_entry(n, kernel=f"K{n % 9}", dw_mm=250 + 9 * n) for n in range(18)]
    noise, *_ = (plot.scene for plot in drawn(entries))
    names = [shape.text for shape in noise.shapes if isinstance(shape, Text) and "n " in shape.text]
    assert names == [
        "K0, n 2",
        "K1, n 2",
        "K2, n 2",
        "K3, n 2",
        "K4, n 2",
        "4 other protocols, n 8",
    ]
    assert len(marks(noise)) == 18
