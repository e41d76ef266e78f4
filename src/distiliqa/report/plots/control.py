"""A control chart: values in their order, their moving average, and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from distiliqa.report.plots.axes import X_GAP, Axis, svg, x_axis, y_axis
from distiliqa.report.plots.profile import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH

Point = tuple[int, float]


def control(
    values: Sequence[Point],
    average: Sequence[Point] = (),
    limits: Sequence[tuple[int, float, float]] = (),
    out: Sequence[bool] = (),
    *,
    center: float | None = None,
    titles: Sequence[str] | None = None,
    x_label: str,
    y_label: str,
) -> Markup:
    """Draw a control chart as an inline SVG.

    The vertical axis holds the values and the limits, and need not hold 0: what is looked at is
    the distance to the limits.

    Parameters
    ----------
    values : (number, value) in ascending order, drawn as dots.
    average : the moving average, a line; ``out`` says which of its points are outside the limits
        and are drawn as squares.
    limits : (number, low, high), drawn as steps.
    center : the mean of the baseline.
    titles : what pointing at each value tells.
    """
    across, up = _across(values), _up(values, average, limits)
    ticks = {value: text for value, text in across.ticks(X_GAP).items() if value == int(value)}
    return svg(
        WIDTH,
        HEIGHT,
        f"Control chart of {y_label}",
        x_axis(across, TOP, BOTTOM, x_label, ticks),
        y_axis(up, LEFT, RIGHT, y_label),
        *_center(center, up),
        *_limits(limits, across, up),
        *_dots(values, titles, across, up),
        *([_path("curve", average, across, up)] if average else []),
        *_squares(average, out, across, up),
    )


def _across(values: Sequence[Point]) -> Axis:
    first, last = (values[0][0], values[-1][0]) if values else (1, 1)
    return Axis(first - 0.5, max(last, first + 1) + 0.5, LEFT, RIGHT)


def _up(
    values: Sequence[Point], average: Sequence[Point], limits: Sequence[tuple[int, float, float]]
) -> Axis:
    heights = [value for _, value in (*values, *average)]
    heights += [end for _, low, high in limits for end in (low, high)]
    return Axis(*_ends(heights), BOTTOM, TOP)


def _ends(heights: Sequence[float]) -> tuple[float, float]:
    low, high = (min(heights), max(heights)) if heights else (0.0, 1.0)
    margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def _center(center: float | None, up: Axis) -> list[Markup]:
    if center is None:
        return []
    line = Markup('<path class="line thin" d="M{} {}H{}"/>')
    return [line.format(LEFT, up.at(center), RIGHT)]


def _limits(limits: Sequence[tuple[int, float, float]], across: Axis, up: Axis) -> Iterator[Markup]:
    """Each limit from half a number before to half a number after its own."""
    for end in (1, 2) if limits else ():
        steps = [(limit[0] + half, limit[end]) for limit in limits for half in (-0.5, 0.5)]
        yield _path("line dashed", steps, across, up)


def _dots(
    values: Sequence[Point], titles: Sequence[str] | None, across: Axis, up: Axis
) -> Iterator[Markup]:
    told = titles or [f"{number}: {value:.4g}" for number, value in values]
    dot = Markup('<circle class="value" cx="{}" cy="{}" r="2"><title>{}</title></circle>')
    for (number, value), title in zip(values, told, strict=True):
        yield dot.format(across.at(number), up.at(value), title)


def _squares(
    average: Sequence[Point], out: Sequence[bool], across: Axis, up: Axis
) -> Iterator[Markup]:
    square = Markup(
        '<rect class="flagged" x="{}" y="{}" width="7" height="7"><title>{}</title></rect>'
    )
    for (number, value), outside in zip(average, out, strict=True):
        if outside:
            x, y = across.at(number), up.at(value)
            title = f"{number}: {value:.4g}, out of control"
            yield square.format(round(x - 3.5, 1), round(y - 3.5, 1), title)


def _path(kind: str, points: Sequence[tuple[float, float]], across: Axis, up: Axis) -> Markup:
    drawn = "L".join(f"{across.at(x)} {up.at(y)}" for x, y in points)
    return Markup('<path class="{}" fill="none" d="M{}"/>').format(kind, drawn)
