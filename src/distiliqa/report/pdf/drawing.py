"""A plot on paper: the shapes of a scene, drawn with reportlab."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from reportlab.graphics.shapes import Circle, Drawing, Polygon, PolyLine, Rect, String
from reportlab.lib.colors import Color, HexColor, white

from distiliqa.report.pdf.document import INK, RULE
from distiliqa.report.pdf.letters import in_font
from distiliqa.report.plots.scatter import COLORS, line_style, mark_style
from distiliqa.report.plots.scene import Area, Group, Mark, Point, Scene, Shape, Stroke, Text

FONT, FONT_SIZE = "Helvetica", 12  # px of the scene
BAND, ACCENT = HexColor("#cfdbe8"), HexColor("#0b4f8a")


class _Style(NamedTuple):
    """Color and width of the line, px; color of the inside."""

    stroke: Color
    width: float = 1.0
    fill: Color | None = None


_STYLES = {
    "axis": _Style(INK),
    "grid": _Style(RULE),
    "band": _Style(BAND, 0, BAND),
    "curve": _Style(ACCENT, 1.5),
    "dot": _Style(ACCENT, 1, ACCENT),
    "dot flagged": _Style(INK, 1.4, white),
    "line": _Style(INK, 1.2),
    "line dashed": _Style(INK, 1.2),
}
for number, color in enumerate(map(HexColor, COLORS)):
    inside = white if "hollow" in mark_style(number) else color
    _STYLES[mark_style(number)] = _Style(color, 1.4, inside)
    _STYLES[line_style(number)] = _Style(color, 1.5)


def drawing(scene: Scene, width: float) -> Drawing:
    """The plot, ``width`` points wide. Links and titles are for pages alone."""
    scale = width / scene.width
    paper = _Paper(scale, scene.height)
    found = Drawing(width, scene.height * scale)
    for shape in scene.shapes:
        for drawn in paper.draw(shape):
            found.add(drawn)
    return found


class _Paper(NamedTuple):
    """From px that count downwards to points that count upwards."""

    scale: float
    height: float

    def draw(self, shape: Shape) -> Iterator[Any]:
        match shape:
            case Group(shapes):
                for inner in shapes:
                    yield from self.draw(inner)
            case Stroke(points, style):
                if len(points) > 1:
                    yield PolyLine(self._flat(points), **self._line(style))
            case Area(points, style):
                yield Polygon(self._flat(points), **self._line(style), **_fill(style))
            case Text(x, y, text, anchor):
                size = FONT_SIZE * self.scale
                at, words = self._at((x, y)), in_font(text)
                yield String(
                    *at, words, textAnchor=anchor, fontName=FONT, fontSize=size, fillColor=INK
                )
            case Mark():
                yield self._mark(shape)

    def _mark(self, mark: Mark) -> Any:
        (x, y), radius = self._at((mark.x, mark.y)), mark.radius * self.scale
        look = self._line(mark.style) | _fill(mark.style)
        if mark.shape == "circle":
            return Circle(x, y, radius, **look)
        if mark.shape == "square":
            return Rect(x - radius, y - radius, 2 * radius, 2 * radius, **look)
        corners = [x, y - radius, x + radius, y, x, y + radius, x - radius, y]
        return Polygon(corners, **look)

    def _at(self, point: Point) -> Point:
        return point[0] * self.scale, (self.height - point[1]) * self.scale

    def _flat(self, points: Iterable[Point]) -> list[float]:
        return [end for point in points for end in self._at(point)]

    def _line(self, style: str) -> dict[str, Any]:
        look = _STYLES[style]
        dashes = [4 * self.scale, 3 * self.scale] if "dashed" in style else None
        return {
            "strokeColor": look.stroke,
            "strokeWidth": look.width * self.scale,
            "strokeDashArray": dashes,
        }


def _fill(style: str) -> dict[str, Any]:
    return {"fillColor": _STYLES[style].fill}
