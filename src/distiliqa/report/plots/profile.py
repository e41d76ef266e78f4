"""A measurement along an axis such as z or time, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from distiliqa.report.plots.axes import (
    X_GAP,
    Axis,
    Values,
    dot,
    limits_of,
    runs,
    svg,
    x_axis,
    y_axis,
)

WIDTH, HEIGHT = 560, 240
LEFT, RIGHT, TOP, BOTTOM = 46, 548, 30, 198


class Line(NamedTuple):
    """A horizontal line at ``value`` that is named beside it, such as a control limit."""

    value: float
    label: str
    dashed: bool = True


def profile(
    x: Sequence[float],
    y: Values,
    low: Values | None = None,
    high: Values | None = None,
    *,
    x_label: str,
    y_label: str,
    y_limits: tuple[float, float] | None = None,
    marks: Sequence[bool] | None = None,
    hrefs: Sequence[str] | None = None,
    lines: Sequence[Line] = (),
) -> Markup:
    """Draw ``y`` along ``x`` as an inline SVG.

    Parameters
    ----------
    x : ascending, in the unit that ``x_label`` states.
    y : None leaves a gap.
    low, high : ends of the interval of each value, drawn as a band; None leaves a gap.
    y_limits : ends of the vertical axis; without them it holds 0 and all that is drawn.
    marks : True draws the point hollow.
    hrefs : where a click on each point leads.
    lines : horizontal lines across the plot.
    """
    low, high = low or [None] * len(x), high or [None] * len(x)
    drawn = [v for v in (*y, *low, *high, *(line.value for line in lines)) if v is not None]
    across = Axis(*ends(x), LEFT, RIGHT)
    up = Axis(*(y_limits or limits_of(drawn)), BOTTOM, TOP)
    return svg(
        WIDTH,
        HEIGHT,
        f"{y_label} by {x_label}",
        x_axis(across, TOP, BOTTOM, x_label, across.ticks(X_GAP)),
        band(x, low, high, across, up),
        y_axis(up, LEFT, RIGHT, y_label),
        *(across_line(line, up) for line in lines),
        curve(x, y, across, up),
        *_dots(x, y, across, up, marks or [False] * len(x), hrefs or [""] * len(x)),
    )


def ends(x: Sequence[float]) -> tuple[float, float]:
    """The range of ``x`` with a margin, which gives a single value its place in the middle."""
    low, high = (min(x), max(x)) if x else (0.0, 0.0)
    margin = 0.02 * (high - low) or 1.0
    return low - margin, high + margin


def band(x: Sequence[float], low: Values, high: Values, across: Axis, up: Axis) -> Markup:
    """The area between ``low`` and ``high``."""
    shapes = []
    for run in runs(x, low, high):
        lower = [f"{across.at(at)} {up.at(one)}" for at, one, _ in run]
        upper = [f"{across.at(at)} {up.at(other)}" for at, _, other in reversed(run)]
        shapes.append(Markup('<path class="band" d="M{}Z"/>').format("L".join(lower + upper)))
        if len(run) == 1:  # an area without a width would not show
            ((at, one, other),) = run
            shapes.append(
                Markup('<path class="axis" d="M{} {}V{}"/>').format(
                    across.at(at), up.at(one), up.at(other)
                )
            )
    return Markup("").join(shapes)


def curve(x: Sequence[float], y: Values, across: Axis, up: Axis) -> Markup:
    """The line through all values, broken at gaps."""
    return Markup("").join(
        Markup('<path class="curve" d="M{}"/>').format(
            "L".join(f"{across.at(at)} {up.at(value)}" for at, value in run)
        )
        for run in runs(x, y)
    )


def _dots(
    x: Sequence[float],
    y: Values,
    across: Axis,
    up: Axis,
    marks: Sequence[bool],
    hrefs: Sequence[str],
) -> list[Markup]:
    return [
        dot(
            across.at(at),
            up.at(value),
            title=f"{at:g}: {value:.4g}",
            href=href,
            flagged=flagged,
        )
        for at, value, flagged, href in zip(x, y, marks, hrefs, strict=True)
        if value is not None
    ]


def across_line(line: Line, up: Axis) -> Markup:
    """A horizontal line from end to end, with its name."""
    return Markup(
        '<path class="line{dashed}" d="M{left} {y}H{right}"/>'
        '<text x="{right}" y="{above}" text-anchor="end">{label}</text>'
    ).format(
        dashed=" dashed" if line.dashed else "",
        left=LEFT,
        right=RIGHT,
        y=(y := up.at(line.value)),
        above=y - 4,
        label=line.label,
    )
