from __future__ import annotations

from xml.etree import ElementTree

from distiliqa.report.plots import Curve, Line, curves

SVG = "{http://www.w3.org/2000/svg}"


def test_two_curves_have_their_own_points_and_names():
    drawn = curves(
        [
            Curve("A", [0, 1, 2], [1, None, 3], [0, None, 2], [2, None, 4]),
            Curve("B & co", [0, 1], [2, 2]),
        ],
        x_label="z",
        y_label="score",
        lines=[Line(3, "limit")],
    )
    root = ElementTree.fromstring(drawn)
    groups = list(root.iter(f"{SVG}g"))
    dots = [
        [dot.get("d", "") for g in groups if g.get("class") == name for dot in g if has_title(dot)]
        for name in ("curve-0", "curve-1")
    ]
    assert [len(each) for each in dots] == [3, 3]  # one of them in the legend
    assert len({dot.partition("m")[2] for each in dots for dot in each}) == 2
    texts = {each.text for each in root.iter(f"{SVG}text")}
    assert {"A", "B & co", "limit"} <= texts


def has_title(element: ElementTree.Element) -> bool:
    return element.find(f"{SVG}title") is not None
