from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

from markupsafe import Markup

from distiliqa.report.plots import Line, profile, svg

LABELS = {"x_label": "position, mm", "y_label": "score"}


def picture(*values: Any, **options: Any) -> Markup:
    return svg(profile(*values, **options))


def test_the_axis_spans_the_whole_scale():
    drawn = picture([0, 3, 6], [2.0, 2.1, 2.2], y_limits=(0, 4), **LABELS)
    ticks = re.findall(r'text-anchor="end">([^<]+)<', drawn)
    assert ticks == ["0", "1", "2", "3", "4"]
    ElementTree.fromstring(drawn)


def test_it_says_what_it_shows():
    drawn = picture([0], [1.0], **LABELS)
    assert 'role="img"' in drawn
    assert "<title>score by position, mm</title>" in drawn


def test_a_value_that_is_not_known_is_a_gap():
    drawn = picture([0, 1, 2, 3, 4], [1, 2, None, 2, 1], **LABELS)
    assert drawn.count("<circle") == 4
    assert drawn.count('class="curve"') == 2


def test_an_interval_is_a_band_and_that_of_one_value_a_stroke():
    plain = picture([0, 1, 2], [1, 2, 1], y_limits=(0, 4), **LABELS)
    several = picture([0, 1, 2], [1, 2, 1], [(0, 2), (1, 3), (0, 2)], y_limits=(0, 4), **LABELS)
    one = picture([0], [1], [(0, 2)], y_limits=(0, 4), **LABELS)
    assert (plain.count('class="band"'), several.count('class="band"')) == (0, 1)
    assert one.count('class="axis"') == several.count('class="axis"') + 1


def test_marked_points_are_hollow_and_lead_where_they_should():
    drawn = picture([0, 1], [1, 2], marks=[False, True], hrefs=["#a", "#b"], **LABELS)
    first, second = re.findall(r'<a href="(#.)"[^>]*><circle class="([^"]+)"', drawn)
    assert (first, second) == (("#a", "dot"), ("#b", "dot flagged"))


def test_lines_are_named_and_inside_the_plot():
    drawn = picture([0], [1], lines=[Line(9, "<limit>"), Line(5, "mean", dashed=False)], **LABELS)
    assert "&lt;limit&gt;" in drawn
    dashed, whole = re.findall(r'class="(line[^"]*)" d="M46 ([0-9.]+)', drawn)
    assert (dashed[0], whole[0]) == ("line dashed", "line")
    assert 30 < float(dashed[1]) < float(whole[1]) < 198


def test_nothing_to_draw_is_an_empty_plot():
    assert "<circle" not in picture([], [], **LABELS)
