"""A scatter plot of groups, each with a color, a mark and a line of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from distiliqa.report.plots.axes import (
    X_GAP,
    Axis,
    limits_of,
    shortened,
    text_width,
    x_axis,
    y_axis,
)
from distiliqa.report.plots.profile import Frame, ends_of
from distiliqa.report.plots.scene import Mark, Point, Scene, Shape, Stroke, Text

FRAME = Frame(height=270)
# In gray, groups differ in the shape of their marks, and in whether these are hollow.
COLORS = ("#0b4f8a", "#c2410c", "#1b1f24", "#8a2f7d", "#1a7f5a", "#8a6500")
_SHAPES: tuple[tuple[Literal["circle", "square", "diamond"], float], ...] = (
    ("circle", 3.4),
    ("square", 3.2),
    ("diamond", 4.6),
)
_LEFT, _ROW, _SAMPLE = 10, 18, 12  # start and height of a line of the legend, and its mark, px


class Spot(NamedTuple):
    """A point: its place, its title, and where a click on it leads."""

    x: float
    y: float
    title: str
    href: str = ""


class Cloud(NamedTuple):
    """A group.

    Attributes
    ----------
    name : str
        Shortened in the legend where it is too long.
    note : str
        What the legend says after the name.
    spots : Sequence[Spot]
        Its points.
    line : Sequence[Point]
        Points of a line, in data.
    """

    name: str
    note: str
    spots: Sequence[Spot]
    line: Sequence[Point] = ()


class Corners(NamedTuple):
    """Names of the four quarters around the origin."""

    upper_left: str
    upper_right: str
    lower_left: str
    lower_right: str


def scatter(
    clouds: Sequence[Cloud],
    *,
    x_label: str,
    y_label: str,
    x_limits: tuple[float, float] | None = None,
    y_limits: tuple[float, float] | None = None,
    corners: Corners | None = None,
    frame: Frame = FRAME,
) -> Scene:
    """Draw groups over two axes, and name those with points in a legend below.

    Parameters
    ----------
    clouds : Sequence[Cloud]
        At most as many as there are `COLORS`.
    x_limits, y_limits : tuple[float, float] or None
        Ends of an axis; without them the horizontal one holds all points, the vertical one 0 too.
    corners : Corners or None
        Draw lines through the origin, and name the quarters.
    """
    places = [spot for cloud in clouds for spot in cloud.spots]
    lines = [point for cloud in clouds for point in cloud.line]
    across = frame.across(*(x_limits or ends_of([spot.x for spot in places])))
    heights = [*(spot.y for spot in places), *(y for _, y in lines)]
    up = frame.up(*(y_limits or limits_of(heights)))
    named = [n for n, cloud in enumerate(clouds) if cloud.spots]
    shapes = (
        *x_axis(across, frame.top, frame.bottom, x_label, across.ticks(X_GAP)),
        *y_axis(up, frame.left, frame.right, y_label),
        *(_quarters(corners, across, up) if corners else ()),
        *(_line(cloud, n, across, up) for n, cloud in enumerate(clouds) if cloud.line),
        *(mark for n, cloud in enumerate(clouds) for mark in _marks(cloud, n, across, up)),
        *(shape for row, n in enumerate(named) for shape in _legend(clouds[n], n, row, frame)),
    )
    height = frame.height + _ROW * len(named) + 4
    return Scene(frame.width, height, f"{y_label} by {x_label}", shapes)


def mark_style(number: int) -> str:
    """The style of the marks of a group: every second one is hollow."""
    return f"group group-{number}" + (" hollow" if number % 2 else "")


def line_style(number: int) -> str:
    """The style of the line of a group; in gray, lines differ in their dashes."""
    return f"trend trend-{number}" + (" dashed" if number % 2 else "")


def _mark(x: float, y: float, number: int, title: str, href: str = "") -> Mark:
    shape, radius = _SHAPES[number % len(_SHAPES)]
    return Mark(x, y, radius, mark_style(number), shape, title, href)


def _marks(cloud: Cloud, number: int, across: Axis, up: Axis) -> Iterator[Mark]:
    for spot in cloud.spots:
        yield _mark(across.at(spot.x), up.at(spot.y), number, spot.title, spot.href)


def _line(cloud: Cloud, number: int, across: Axis, up: Axis) -> Stroke:
    return Stroke([(across.at(x), up.at(y)) for x, y in cloud.line], line_style(number))


def _quarters(corners: Corners, across: Axis, up: Axis) -> Iterator[Shape]:
    x, y = across.at(0), up.at(0)
    yield Stroke([(x, up.start), (x, up.end)], "line")
    yield Stroke([(across.start, y), (across.end, y)], "line")
    left, right, top, bottom = across.start + 6, across.end - 6, up.end + 14, up.start - 8
    yield Text(left, top, corners.upper_left)
    yield Text(right, top, corners.upper_right, "end")
    yield Text(left, bottom, corners.lower_left)
    yield Text(right, bottom, corners.lower_right, "end")


def _legend(cloud: Cloud, number: int, row: int, frame: Frame) -> Iterator[Shape]:
    y = frame.height + _ROW * (row + 0.5)
    yield _mark(_LEFT, y, number, cloud.name)
    start = _LEFT + _SAMPLE
    room = frame.right - start - text_width(f", {cloud.note}")
    yield Text(start, y + 4, f"{shortened(cloud.name, room)}, {cloud.note}")
