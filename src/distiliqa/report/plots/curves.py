"""Several curves over one axis, which differ in dashes and in the shape of their points."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, NamedTuple

from distiliqa.report.plots.axes import X_GAP, Axis, Values, limits_of, shortened, x_axis, y_axis
from distiliqa.report.plots.profile import (
    PAGE,
    Intervals,
    Line,
    across_line,
    band,
    curve,
    ends_of,
)
from distiliqa.report.plots.scene import Group, Mark, Scene, Shape, Stroke, Text

SHAPES: tuple[tuple[Literal["circle", "square", "diamond"], float], ...] = (
    ("circle", 2.4),
    ("square", 2.6),
    ("diamond", 3.4),
)
SAMPLE, ROW = 30, 18  # length of a line of the legend, and its height, px


class Curve(NamedTuple):
    """A named curve.

    Attributes
    ----------
    x : Sequence[float]
        Places in ascending order.
    y : Values
        Values; None leaves a gap.
    intervals : Intervals
        Lower and upper end for each value; None leaves a gap.
    points : bool
        Whether each value is a point too.
    """

    name: str
    x: Sequence[float]
    y: Values
    intervals: Intervals = ()
    points: bool = True


def curves(
    drawn: Sequence[Curve],
    *,
    x_label: str,
    y_label: str,
    y_limits: tuple[float, float] | None = None,
    x_ticks: Mapping[float, str] | None = None,
    lines: Sequence[Line] = (),
) -> Scene:
    """Draw up to three curves; the other arguments are those of `profile`.

    The first is solid with dots, the second dashed with squares, the third dotted with diamonds.

    Parameters
    ----------
    x_ticks : Mapping[float, str] or None
        Labels of the horizontal axis by value; round numbers without them.
    """
    across = PAGE.across(*ends_of([x for one in drawn for x in one.x]))
    up = PAGE.up(*(y_limits or limits_of(_heights(drawn, lines))))
    ticks = across.ticks(X_GAP) if x_ticks is None else x_ticks
    names = " and ".join(one.name for one in drawn)
    shapes = (
        *x_axis(across, PAGE.top, PAGE.bottom, x_label, ticks),
        *(
            shape
            for one in drawn
            if one.intervals
            for shape in band(one.x, one.intervals, across, up)
        ),
        *y_axis(up, PAGE.left, PAGE.right, y_label),
        *(shape for line in lines for shape in across_line(line, up, PAGE)),
        *(_one(one, number, across, up) for number, one in enumerate(drawn)),
        *_legend(drawn),
    )
    return Scene(
        PAGE.width, PAGE.height + ROW * len(drawn) + 4, f"{y_label} by {x_label}: {names}", shapes
    )


def _heights(drawn: Sequence[Curve], lines: Sequence[Line]) -> Iterator[float]:
    for one in drawn:
        yield from (value for value in one.y if value is not None)
        yield from (end for interval in one.intervals for end in interval or ())
    yield from (line.value for line in lines)


def _one(one: Curve, number: int, across: Axis, up: Axis) -> Group:
    points = [
        _point(number, across.at(x), up.at(y), f"{one.name}, {x:g}: {y:.4g}")
        for x, y in zip(one.x, one.y, strict=True)
        if y is not None and one.points
    ]
    return Group([*curve(one.x, one.y, across, up), *points], f"curve-{number}")


def _point(number: int, x: float, y: float, title: str) -> Mark:
    shape, radius = SHAPES[number]
    return Mark(x, y, radius, shape=shape, title=title)


def _legend(drawn: Sequence[Curve]) -> Iterator[Shape]:
    """Names with a piece of each curve, in rows below the plot."""
    left, end = PAGE.left, PAGE.left + SAMPLE
    for number, one in enumerate(drawn):
        y = PAGE.height + ROW * (number + 0.5)
        sample: list[Shape] = [Stroke([(left, y), (end, y)], "curve")]
        if one.points:
            sample.append(_point(number, left + SAMPLE / 2, y, one.name))
        yield Group(sample, f"curve-{number}")
        yield Text(end + 6, y + 4, shortened(one.name, PAGE.right - end - 6))
