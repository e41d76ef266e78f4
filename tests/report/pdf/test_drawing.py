from __future__ import annotations

import pytest

from distiliqa.report.plots import Cloud, Frame, Line, Spot, profile, scatter
from distiliqa.report.plots.scene import Area, Group, Mark, Scene, Stroke, Text

shapes = pytest.importorskip("reportlab.graphics.shapes")

from distiliqa.report.pdf.drawing import drawing  # noqa: E402


def kinds(scene: Scene, width: float = 100) -> list[str]:
    return [type(shape).__name__ for shape in drawing(scene, width).contents]


def test_all_kinds_of_shapes_are_drawn():
    marks = [Mark(1, 1), Mark(1, 1, shape="square"), Mark(1, 1, shape="diamond")]
    stroke, area = Stroke([(0, 0), (1, 1)], "curve"), Area([(0, 0), (1, 0), (1, 1)], "band")
    scene = Scene(10, 10, "", [stroke, area, Text(0, 0, "a"), Group(marks, "strip")])
    assert kinds(scene) == ["PolyLine", "Polygon", "String", "Circle", "Rect", "Polygon"]


def test_paper_counts_upwards_and_in_points():
    drawn = drawing(Scene(200, 100, "", [Mark(50, 10, 4), Text(0, 100, "x")]), width=100)
    assert (drawn.width, drawn.height) == (100, 50)
    dot, text = drawn.contents
    assert (dot.cx, dot.cy, dot.r) == (25, 45, 2)
    assert (text.x, text.y, text.fontSize) == (0, 0, 6)


def test_a_plot_of_the_page_is_that_of_the_paper():
    scene = profile(
        [0, 1, 2, 3],
        [1, None, 2, 3],
        [(0, 2), None, (1, 3), (2, 4)],
        x_label="z",
        y_label="score",
        marks=[True, False, False, False],
        lines=[Line(2, "limit")],
        frame=Frame(400, 200),
    )
    found = drawing(scene, 200).contents
    circles = [shape for shape in found if isinstance(shape, shapes.Circle)]
    assert len(circles) == sum(isinstance(shape, Mark) for shape in scene.shapes) == 3
    assert len({circle.fillColor.hexval() for circle in circles}) == 2  # one is hollow
    texts = {shape.text for shape in found if isinstance(shape, shapes.String)}
    assert {"z", "score", "limit"} <= texts


def test_letters_that_the_font_lacks_are_question_marks():
    (found,) = drawing(Scene(10, 10, "", [Text(0, 0, "軟部 B30f…")]), 10).contents
    assert found.text == "?? B30f…"


def test_groups_of_a_scatter_plot_differ_on_paper():
    clouds = [Cloud(f"{n}", "n 1", [Spot(n, 1, "a")], [(0, 1), (n, 2)]) for n in range(6)]
    drawn = drawing(scatter(clouds, x_label="x", y_label="y"), 480).contents
    marks = [shape for shape in drawn if isinstance(shape, shapes.Circle | shapes.Rect)]
    diamonds = [shape for shape in drawn if isinstance(shape, shapes.Polygon)]
    looks = {
        (type(mark), mark.strokeColor.hexval(), mark.fillColor.hexval())
        for mark in (*marks, *diamonds)
    }
    assert len(looks) == 6
    lines = [shape for shape in drawn if isinstance(shape, shapes.PolyLine)]
    assert sum(line.strokeDashArray is not None for line in lines) == 3
