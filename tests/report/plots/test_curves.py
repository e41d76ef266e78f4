from __future__ import annotations

from xml.etree import ElementTree

from distiliqa.report.plots import Curve, Line, curves, svg

SVG = "{http://www.w3.org/2000/svg}"


def test_two_curves_have_their_own_points_and_names():
    drawn = curves(
        [
            Curve("A", [0, 1, 2], [1, None, 3], [(0, 2), None, (2, 4)]),
            Curve("B & co", [0, 1], [2, 2]),
        ],
        x_label="z",
        y_label="score",
        lines=[Line(3, "limit")],
    )
    root = ElementTree.fromstring(svg(drawn))
    groups = list(root.iter(f"{SVG}g"))
    dots = [
        [dot.tag for g in groups if g.get("class") == name for dot in g if has_title(dot)]
        for name in ("curve-0", "curve-1")
    ]
    assert dots == [[f"{SVG}circle"] * 3, [f"{SVG}rect"] * 3]  # one of them in the legend
    texts = {text.text for text in root.iter(f"{SVG}text")}
    assert {"A", "B & co", "limit"} <= texts


def has_title(element: ElementTree.Element) -> bool:
    return element.find(f"{SVG}title") is not None
