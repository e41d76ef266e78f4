from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from distiliqa.report.plots import Cloud, Corners, Scene, Spot, scatter, svg
from distiliqa.report.plots import scene as scene_module
from distiliqa.report.plots.scatter import COLORS, line_style, mark_style
from distiliqa.report.plots.scene import Mark, Stroke, Text

LONG = "A scanner with a very long name, 120 kV, a kernel, 3 mm, ABDOMEN AND PELVIS"
STYLE = Path(scene_module.__file__).parents[1] / "templates" / "plot.css"


def drawn(count: int = 2, **options: object) -> Scene:
    clouds = [
        Cloud(f"{n} {LONG}", "n 2", [Spot(1, 2, "a", "#a"), Spot(3, 4, "b")], [(1, 2), (3, 4)])
        for n in range(count)
    ]
    return scatter(clouds, x_label="size", y_label="noise", **options)


def marks(scene: Scene) -> list[Mark]:
    return [shape for shape in scene.shapes if isinstance(shape, Mark)]


def test_each_group_has_its_own_color_and_in_gray_its_own_mark():
    found = marks(drawn(len(COLORS)))
    assert len({mark.style for mark in found}) == len(COLORS)
    assert len({(mark.shape, "hollow" in mark.style) for mark in found}) == len(COLORS)
    assert len({line_style(n) for n in range(len(COLORS))}) == len(COLORS)


def test_the_page_has_the_colors_of_the_paper():
    style = STYLE.read_text("utf-8")
    for number, color in enumerate(COLORS):
        (rule,) = re.findall(rf"svg.plot .group-{number}, svg.plot .trend-{number} (.*)", style)
        assert color in rule
        assert f"group-{number}" in mark_style(number)


def test_the_legend_is_below_the_plot_and_inside_it():
    scene = drawn(6)
    names = [shape for shape in scene.shapes if isinstance(shape, Text) and "n 2" in shape.text]
    assert len(names) == 6
    assert all(name.text.endswith("…, n 2") and name.y < scene.height for name in names)
    assert all(name.x + 7.2 * len(name.text) <= scene.width + 60 for name in names)
    assert min(name.y for name in names) > 270


def test_a_group_without_points_is_not_in_the_legend():
    clouds = [Cloud("empty", "n 0", []), Cloud("full", "n 1", [Spot(1, 2, "")])]
    scene = scatter(clouds, x_label="size", y_label="noise")
    texts = [shape.text for shape in scene.shapes if isinstance(shape, Text)]
    assert ("full, n 1" in texts, "empty, n 0" in texts) == (True, False)
    assert {mark.style for mark in marks(scene)} == {mark_style(1)}  # the color of its place


def test_points_lead_to_their_series():
    found = svg(drawn(1))
    ElementTree.fromstring(found)
    assert found.count('<a href="#a"') == 1
    assert "<title>b</title>" in found


def test_quarters_meet_at_the_origin():
    limits = {"x_limits": (-10.0, 10.0), "y_limits": (-10.0, 10.0)}
    scene = drawn(1, corners=Corners("1", "2", "3", "4"), **limits)
    across, up = (s.points for s in scene.shapes if isinstance(s, Stroke) and s.style == "line")
    assert across[0][0] == across[1][0] == (46 + 348) / 2
    assert up[0][1] == up[1][1] == (30 + 228) / 2
    places = {s.text: (s.x, s.y) for s in scene.shapes if isinstance(s, Text)}
    assert places["1"][0] < places["2"][0]
    assert places["1"][1] < places["3"][1]


def test_wide_letters_have_room():
    wide = scatter([Cloud("軟" * 60, "n 1", [Spot(1, 1, "")])], x_label="x", y_label="y")
    (name,) = (s for s in wide.shapes if isinstance(s, Text) and s.text.endswith("…, n 1"))
    assert name.x + 12 * name.text.count("軟") < wide.width
