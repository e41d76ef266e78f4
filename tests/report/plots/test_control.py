from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from distiliqa.report.plots import control, svg

LABELS = {"x_label": "series", "y_label": "score"}


def picture(*values: Any, **options: Any) -> Markup:
    return svg(control(*values, **options))


def test_values_alone_are_dots():
    plot = picture([(1, 3.0), (2, 3.1)], **LABELS)
    ElementTree.fromstring(plot)
    assert plot.count("<circle") == 2
    assert "dashed" not in plot
    assert "curve" not in plot
    assert "<title>Control chart of score</title>" in plot


def test_numbers_of_series_are_whole():
    plot = picture([(1, 3.0), (2, 3.1)], **LABELS)
    assert ">1</text>" in plot
    assert ">1.0</text>" not in plot


def test_an_average_beyond_its_limit_is_a_square():
    limits = [(3, 2.0, 4.0), (4, 1.0, 5.0)]
    plot = picture(
        [(1, 3.0), (2, 3.0), (3, 3.5), (4, 0.0)],
        [(3, 3.2), (4, 0.5)],
        limits,
        [False, True],
        center=3.0,
        titles=["a", "b", "c", "<d>"],
        **LABELS,
    )
    ElementTree.fromstring(plot)
    assert "&lt;d&gt;" in plot
    assert plot.count("dashed") == 2
    (square,) = re.findall(r'<rect class="flagged" x="[\d.]+" y="([\d.]+)"', plot)
    low, _ = (
        [float(y) for y in re.findall(r" ([\d.]+)(?=L|\")", path)]
        for path in re.findall(r'dashed" d="([^>]+)/>', plot)
    )
    assert len(low) == 4  # two steps
    assert float(square) > low[-1]  # lower on the page


def test_equal_values_and_none_have_axes():
    for values in ([(1, 3.0)], [(1, 0.0), (2, 0.0)], []):
        ElementTree.fromstring(picture(values, **LABELS))
