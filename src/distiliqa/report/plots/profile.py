"""A measurement along an axis such as z or time, with its interval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from distiliqa.report.plots.axes import (
    X_GAP,
    Axis,
    Values,
    dot,
    limits_of,
    runs,
    x_axis,
    y_axis,
)
from distiliqa.report.plots.scene import WIDTH, Area, Scene, Shape, Stroke, Text

Intervals = Sequence[tuple[float, float] | None]


@dataclass(frozen=True)
class Frame:
    """The size of a plot with two axes, px, and where its axes begin and end."""

    width: float = WIDTH
    height: float = 240
    left: float = 46
    top: float = 30

    @property
    def right(self) -> float:
        """End of the horizontal axis, px."""
        return self.width - 12

    @property
    def bottom(self) -> float:
        """Start of the vertical axis, px."""
        return self.height - 42

    def across(self, low: float, high: float) -> Axis:
        """The horizontal axis."""
        return Axis(low, high, self.left, self.right)

    def up(self, low: float, high: float) -> Axis:
        """The vertical axis."""
        return Axis(low, high, self.bottom, self.top)


PAGE = Frame()


class Line(NamedTuple):
    """A horizontal line at ``value`` with its name beside it, such as a control limit."""

    value: float
    label: str
    dashed: bool = True


def profile(
    x: Sequence[float],
    y: Values,
    intervals: Intervals | None = None,
    *,
    x_label: str,
    y_label: str,
    y_limits: tuple[float, float] | None = None,
    marks: Sequence[bool] | None = None,
    hrefs: Sequence[str] | None = None,
    lines: Sequence[Line] = (),
    frame: Frame = PAGE,
) -> Scene:
    """Draw ``y`` along ``x``.

    Parameters
    ----------
    x : Sequence[float]
        Ascending, in the unit that ``x_label`` states.
    y : Values
        Values; None leaves a gap.
    intervals : Intervals or None
        Lower and upper end for each value, drawn as a band; None leaves a gap.
    y_limits : tuple[float, float] or None
        Ends of the vertical axis; without them it holds 0 and all that is drawn.
    marks : Sequence[bool] or None
        True draws the point hollow.
    hrefs : Sequence[str] or None
        Where a click on each point leads.
    lines : Sequence[Line]
        Horizontal lines across the plot.
    """
    intervals = intervals or [None] * len(x)
    ends = [end for interval in intervals for end in interval or ()]
    drawn = [v for v in (*y, *ends, *(line.value for line in lines)) if v is not None]
    across, up = frame.across(*ends_of(x)), frame.up(*(y_limits or limits_of(drawn)))
    shapes = (
        *x_axis(across, frame.top, frame.bottom, x_label, across.ticks(X_GAP)),
        *band(x, intervals, across, up),
        *y_axis(up, frame.left, frame.right, y_label),
        *(shape for line in lines for shape in across_line(line, up, frame)),
        *curve(x, y, across, up),
        *dots(x, y, across, up, marks, hrefs),
    )
    return Scene(frame.width, frame.height, f"{y_label} by {x_label}", shapes)


def ends_of(x: Sequence[float]) -> tuple[float, float]:
    """The range of ``x`` with a margin, which gives a single value its place in the middle."""
    low, high = (min(x), max(x)) if x else (0.0, 0.0)
    margin = 0.02 * (high - low) or 1.0
    return low - margin, high + margin


def band(x: Sequence[float], intervals: Intervals, across: Axis, up: Axis) -> Iterator[Shape]:
    """The area between the ends of intervals; a stroke for one alone, whose area has no width."""
    low, high = ([end and end[side] for end in intervals] for side in (0, 1))
    for run in runs(x, low, high):
        lower = [(across.at(at), up.at(value)) for at, value, _ in run]
        upper = [(across.at(at), up.at(value)) for at, _, value in reversed(run)]
        yield Area(lower + upper, "band")
        if len(run) == 1:
            yield Stroke(lower + upper, "axis")


def curve(x: Sequence[float], y: Values, across: Axis, up: Axis) -> Iterator[Shape]:
    """The line through all values, broken at gaps."""
    for run in runs(x, y):
        yield Stroke([(across.at(at), up.at(value)) for at, value in run], "curve")


def dots(
    x: Sequence[float],
    y: Values,
    across: Axis,
    up: Axis,
    marks: Sequence[bool] | None,
    hrefs: Sequence[str] | None,
) -> Iterator[Shape]:
    """A point for each known value; marked ones are hollow, and lead where ``hrefs`` say."""
    flags, places = marks or [False] * len(x), hrefs or [""] * len(x)
    for at, value, flag, href in zip(x, y, flags, places, strict=True):
        if value is not None:
            title = f"{at:g}: {value:.4g}"
            yield dot(across.at(at), up.at(value), title=title, href=href, flagged=flag)


def across_line(line: Line, up: Axis, frame: Frame) -> Iterator[Shape]:
    """A horizontal line from end to end, with its name."""
    y = up.at(line.value)
    yield Stroke([(frame.left, y), (frame.right, y)], "line dashed" if line.dashed else "line")
    yield Text(frame.right, y - 4, line.label, "end")
