from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree

import pytest

from distiliqa.report.plots import Panel, Scene, multiples, svg
from distiliqa.report.plots.scene import Mark, Stroke, Text

Z = [0.0, 5.0, 10.0, 15.0]
PANELS = [
    Panel("Score", [1, 2, 3, 2], (0, 4), [(0, 2), None, (2, 4), (1, 3)]),
    Panel("Noise, HU", [10, None, 12, 14]),
    Panel("Size, mm", [300, 310, None, 305], (250, 350)),
]


def drawn() -> Scene:
    return multiples(Z, PANELS, x_label="z, mm", marks=[False, True, False, False])


def test_panels_share_the_places_of_one_axis():
    scene = drawn()
    places = sorted({shape.x for shape in scene.shapes if isinstance(shape, Mark)})
    assert len(places) == len(Z)
    gaps = [right - left for left, right in pairwise(places)]
    assert gaps == pytest.approx([gaps[0]] * 3, abs=0.2)
    texts = [shape.text for shape in scene.shapes if isinstance(shape, Text)]
    assert [texts.count(word) for word in ("z, mm", "15", *(p.label for p in PANELS))] == [1] * 5


def test_each_panel_has_its_own_scale_and_its_own_room():
    marks = [shape for shape in drawn().shapes if isinstance(shape, Mark)]
    heights = [mark.y for mark in marks]
    score, noise, size = heights[:4], heights[4:7], heights[7:]
    assert max(score) < min(noise) < max(noise) < min(size)
    bottom, top = (
        [s.points[0][1] for s in drawn().shapes if isinstance(s, Stroke) and s.style == "axis"][n]
        for n in (0, 1)
    )
    assert {bottom, top} == {90.0}  # both axes of the first panel begin in its lower left corner
    assert score[:2] == pytest.approx([90 - 62 / 4, 90 - 62 / 2])


def test_gaps_bands_and_hollow_points_stay():
    found = svg(drawn())
    ElementTree.fromstring(found)
    assert found.count('class="band"') == 2
    assert found.count("dot flagged") == 2  # the second place, which has no noise
    assert found.count("<circle") == 10
    labels = re.findall(r'text-anchor="end">([^<]+)<', found)
    assert labels[:3] == ["0", "2", "4"]


def test_one_place_is_drawn_in_the_middle():
    scene = multiples([7.0], [Panel("Score", [1], (0, 4))], x_label="z")
    (mark,) = (shape for shape in scene.shapes if isinstance(shape, Mark))
    assert mark.x == (46 + 348) / 2
