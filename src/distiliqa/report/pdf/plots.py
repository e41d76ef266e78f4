"""Plots of a PDF, on the axes that the pages have too."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.graphics.shapes import Circle, Drawing, Line, Polygon, PolyLine, String
from reportlab.lib.colors import HexColor, white

from distiliqa.report.pdf.document import INK, RULE, WIDTH
from distiliqa.report.plots.axes import Axis, Values, limits_of, runs

HEIGHT = 128
LEFT, BOTTOM, TOP = 26, 28, 110
BAND, ACCENT = HexColor("#cfdbe8"), HexColor("#0b4f8a")
FONT = {"fontName": "Helvetica", "fontSize": 7, "fillColor": INK}


def profile_drawing(
    x: Sequence[float],
    y: Values,
    intervals: Sequence[tuple[float, float] | None],
    *,
    x_label: str,
    y_label: str,
    y_limits: tuple[float, float] | None = None,
    marks: Sequence[bool] = (),
) -> Drawing:
    """Draw ``y`` along ``x``, half a page wide.

    Parameters
    ----------
    x : ascending.
    y : None leaves a gap.
    intervals : ends of the interval of each value, drawn as a band.
    y_limits : ends of the vertical axis; without them it holds 0 and all values.
    marks : True draws the point hollow.
    """
    width = WIDTH / 2 - 12
    margin = 0.02 * (max(x) - min(x)) or 1.0
    across = Axis(min(x) - margin, max(x) + margin, LEFT, width)
    known = [value for value in y if value is not None]
    known += [end for interval in intervals if interval for end in interval]
    up = Axis(*(y_limits or limits_of(known)), BOTTOM, TOP)
    drawing = Drawing(width, HEIGHT)
    _draw_axes(drawing, across, up, x_label, y_label)
    _draw_bands(drawing, x, intervals, across, up)
    _draw_curve(drawing, x, y, across, up)
    for at, value, flagged in zip(x, y, marks or [False] * len(x), strict=True):
        if value is not None:
            place = (across.at(at), up.at(value))
            fill, ink = (white, INK) if flagged else (ACCENT, ACCENT)
            drawing.add(Circle(*place, 2 if flagged else 1.4, fillColor=fill, strokeColor=ink))
    return drawing


def _draw_axes(drawing: Drawing, across: Axis, up: Axis, x_label: str, y_label: str) -> None:
    for value, label in across.ticks(38).items():
        at = across.at(value)
        drawing.add(Line(at, BOTTOM, at, TOP, strokeColor=RULE, strokeWidth=0.5))
        drawing.add(String(at, BOTTOM - 9, label, textAnchor="middle", **FONT))
    for value, label in up.ticks(18).items():
        at = up.at(value)
        drawing.add(Line(LEFT, at, across.end, at, strokeColor=RULE, strokeWidth=0.5))
        drawing.add(String(LEFT - 4, at - 2.5, label, textAnchor="end", **FONT))
    drawing.add(PolyLine([LEFT, TOP, LEFT, BOTTOM, across.end, BOTTOM], strokeColor=INK))
    middle = (LEFT + across.end) / 2
    drawing.add(String(middle, BOTTOM - 20, x_label, textAnchor="middle", **FONT))
    drawing.add(String(2, TOP + 7, y_label, **FONT))


def _draw_bands(
    drawing: Drawing,
    x: Sequence[float],
    intervals: Sequence[tuple[float, float] | None],
    across: Axis,
    up: Axis,
) -> None:
    low, high = ([end and end[n] for end in intervals] for n in (0, 1))
    for run in runs(x, low, high):
        lower = [(across.at(at), up.at(one)) for at, one, _ in run]
        upper = [(across.at(at), up.at(other)) for at, _, other in reversed(run)]
        points = [each for place in (*lower, *upper) for each in place]
        drawing.add(Polygon(points, fillColor=BAND, strokeColor=BAND, strokeWidth=1))


def _draw_curve(drawing: Drawing, x: Sequence[float], y: Values, across: Axis, up: Axis) -> None:
    for run in runs(x, y):
        points = [each for at, value in run for each in (across.at(at), up.at(value))]
        if len(run) > 1:
            drawing.add(PolyLine(points, strokeColor=ACCENT, strokeWidth=1))
