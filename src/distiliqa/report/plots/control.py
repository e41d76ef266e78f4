"""A control chart: values in their order, their moving average, and its limits."""

from __future__ import annotations

from collections.abc import Sequence

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
    heights = [value for _, value in (*values, *average)]
    heights += [end for _, low, high in limits for end in (low, high)]
    across, up = _across([number for number, _ in values]), Axis(*_ends(heights), BOTTOM, TOP)
    told = titles or [f"{number}: {value:.4g}" for number, value in values]
    ticks = {value: text for value, text in across.ticks(X_GAP).items() if value == int(value)}
    return svg(
        WIDTH,
        HEIGHT,
        f"Control chart of {y_label}",
        x_axis(across, TOP, BOTTOM, x_label, ticks),
        y_axis(up, LEFT, RIGHT, y_label),
        *_center(center, up),
        *(
            _path("line dashed", [(at, limit[end]) for at, limit in _steps(limits)], across, up)
            for end in (0, 1)
            if limits
        ),
        *(
            Markup('<circle class="value" cx="{}" cy="{}" r="2"><title>{}</title></circle>').format(
                across.at(number), up.at(value), title
            )
            for (number, value), title in zip(values, told, strict=True)
        ),
        *([_path("curve", average, across, up)] if average else []),
        *(
            _square(across.at(number), up.at(value), f"{number}: {value:.4g}, out of control")
            for (number, value), outside in zip(average, out, strict=True)
            if outside
        ),
    )


def _across(numbers: Sequence[int]) -> Axis:
    first, last = (numbers[0], numbers[-1]) if numbers else (1, 1)
    return Axis(first - 0.5, max(last, first + 1) + 0.5, LEFT, RIGHT)


def _ends(heights: Sequence[float]) -> tuple[float, float]:
    low, high = (min(heights), max(heights)) if heights else (0.0, 1.0)
    margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    return low - margin, high + margin


def _steps(
    limits: Sequence[tuple[int, float, float]],
) -> list[tuple[float, tuple[float, float]]]:
    """Each limit from half a number before to half a number after its own."""
    return [(number + half, (low, high)) for number, low, high in limits for half in (-0.5, 0.5)]


def _path(kind: str, points: Sequence[tuple[float, float]], across: Axis, up: Axis) -> Markup:
    drawn = "L".join(f"{across.at(x)} {up.at(y)}" for x, y in points)
    return Markup('<path class="{}" fill="none" d="M{}"/>').format(kind, drawn)


def _center(center: float | None, up: Axis) -> list[Markup]:
    if center is None:
        return []
    line = Markup('<path class="line thin" d="M{} {}H{}"/>')
    return [line.format(LEFT, up.at(center), RIGHT)]


def _square(x: float, y: float, title: str) -> Markup:
    return Markup(
        '<rect class="flagged" x="{}" y="{}" width="7" height="7"><title>{}</title></rect>'
    ).format(round(x - 3.5, 1), round(y - 3.5, 1), title)
