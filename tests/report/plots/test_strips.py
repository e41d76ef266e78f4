from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from distiliqa.report.plots import Dot, strips, svg
from distiliqa.report.plots.axes import text_width
from distiliqa.report.plots.scene import Group, Text


def picture(*values: Any, **options: Any) -> Markup:
    return svg(strips(*values, **options))


def dots(*values: float) -> list[Dot]:
    return [Dot(value, f"#{n}", f"slice {n}") for n, value in enumerate(values)]


def test_each_group_has_its_median_and_count():
    drawn = picture({"A": dots(1, 2, 4), "B": dots(3)}, x_label="score", limits=(0, 4))
    assert "2.00, n 3" in drawn
    assert "3.00, n 1" in drawn
    ElementTree.fromstring(drawn)


def test_flagged_dots_are_hollow_and_do_not_move_the_median():
    flagged = Dot(0.0, "#x", "", flagged=True)
    drawn = picture({"A": [*dots(3, 3), flagged], "B": [flagged]}, x_label="score", limits=(0, 4))
    assert drawn.count("dot flagged") == 2
    assert "3.00, n 3" in drawn
    assert "0.00, n 1" in drawn


def test_dots_name_their_slice_and_lead_to_it():
    drawn = picture({"A": [Dot(1.0, "#s1-2", "<i>")]}, x_label="score")
    assert '<a href="#s1-2"' in drawn
    assert "<title>&lt;i&gt;</title>" in drawn


def test_like_values_do_not_hide_each_other():
    drawn = picture({"A": dots(*[2.0] * 20)}, x_label="score", limits=(0, 4))
    heights = re.findall(r'cy="([0-9.]+)"', drawn)
    assert len(set(heights)) == 20
    assert all(20 < float(height) < 44 for height in heights)  # below the name
    assert drawn == picture({"A": dots(*[2.0] * 20)}, x_label="score", limits=(0, 4))


def test_long_names_are_shortened():
    scene = strips({"n" * 80: dots(1)}, x_label="score")
    (group,) = (shape for shape in scene.shapes if isinstance(shape, Group))
    name, count = (shape for shape in group.shapes if isinstance(shape, Text))
    assert name.text.endswith("n…")
    assert name.x + text_width(name.text) < count.x - text_width(count.text)
