"""Several curves over one axis, told apart by dashes and by the shape of their points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from distiliqa.report.plots.axes import (
    X_GAP,
    Axis,
    Values,
    limits_of,
    svg,
    text_width,
    x_axis,
    y_axis,
)
from distiliqa.report.plots.profile import (
    BOTTOM,
    HEIGHT,
    LEFT,
    RIGHT,
    TOP,
    WIDTH,
    Line,
    across_line,
    band,
    curve,
    ends,
)

SHAPES = (
    "m-2.4 0a2.4 2.4 0 1 0 4.8 0a2.4 2.4 0 1 0 -4.8 0",
    "m-2.6 -2.6h5.2v5.2h-5.2z",
    "m0 -3.4l3.4 3.4l-3.4 3.4l-3.4 -3.4z",
)
SAMPLE = 30  # length of a line in the legend, px


class Curve(NamedTuple):
    """A named curve; ``low`` and ``high`` are the ends of the interval of each value.

    Attributes
    ----------
    x : ascending.
    y, low, high : None leaves a gap.
    points : whether each value is a point too.
    """

    name: str
    x: Sequence[float]
    y: Values
    low: Values | None = None
    high: Values | None = None
    points: bool = True


def curves(
    drawn: Sequence[Curve],
    *,
    x_label: str,
    y_label: str,
    y_limits: tuple[float, float] | None = None,
    x_ticks: Mapping[float, str] | None = None,
    lines: Sequence[Line] = (),
) -> Markup:
    """Draw up to three curves as an inline SVG; the other arguments are those of `profile`.

    The first is solid with dots, the second dashed with squares, the third dotted with diamonds.

    Parameters
    ----------
    x_ticks : labels of the horizontal axis by value; round numbers without them.
    """
    values = [v for each in drawn for part in (each.y, each.low, each.high) for v in part or ()]
    values += [line.value for line in lines]
    across = Axis(*ends([x for each in drawn for x in each.x]), LEFT, RIGHT)
    up = Axis(*(y_limits or limits_of(v for v in values if v is not None)), BOTTOM, TOP)
    ticks = across.ticks(X_GAP) if x_ticks is None else x_ticks
    names = " and ".join(each.name for each in drawn)
    return svg(
        WIDTH,
        HEIGHT,
        f"{y_label} by {x_label}: {names}",
        x_axis(across, TOP, BOTTOM, x_label, ticks),
        *(
            band(each.x, each.low, each.high, across, up)
            for each in drawn
            if each.low is not None and each.high is not None
        ),
        y_axis(up, LEFT, RIGHT, y_label),
        *(across_line(line, up) for line in lines),
        *(_one(each, n, across, up) for n, each in enumerate(drawn)),
        _legend(drawn),
    )


def _one(each: Curve, number: int, across: Axis, up: Axis) -> Markup:
    places = [
        (across.at(x), up.at(y), f"{each.name}, {x:g}: {y:.4g}")
        for x, y in zip(each.x, each.y, strict=True)
        if y is not None and each.points
    ]
    return Markup('<g class="curve-{}">{}{}</g>').format(
        number,
        curve(each.x, each.y, across, up),
        Markup("").join(_point(number, *place) for place in places),
    )


def _point(number: int, x: float, y: float, title: str) -> Markup:
    return Markup('<path class="dot" d="M{} {}{}"><title>{}</title></path>').format(
        x, y, SHAPES[number], title
    )


def _legend(drawn: Sequence[Curve]) -> Markup:
    """Names with a piece of each curve, in a row above the plot, at its right end."""
    parts, right = [], float(RIGHT)
    for number, each in reversed(list(enumerate(drawn))):
        start = right - text_width(each.name)
        line = start - SAMPLE - 6
        parts.append(
            Markup(
                '<g class="curve-{}"><path class="curve" d="M{} 14h{}"/>{}</g>'
                '<text x="{}" y="18">{}</text>'
            ).format(
                number,
                line,
                SAMPLE,
                _point(number, line + SAMPLE / 2, 14, each.name) if each.points else "",
                start,
                each.name,
            )
        )
        right = line - 14
    return Markup("").join(parts)
