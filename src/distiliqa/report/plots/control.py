"""A control chart: values in their order, their moving average, and its limits."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from distiliqa.report.plots.axes import X_GAP, Axis, x_axis, y_axis
from distiliqa.report.plots.profile import PAGE
from distiliqa.report.plots.scene import Mark, Scene, Shape, Stroke

Numbered = tuple[int, float]  # the number of a series, and its value


def control(
    values: Sequence[Numbered],
    average: Sequence[Numbered] = (),
    limits: Sequence[tuple[int, float, float]] = (),
    out: Sequence[bool] = (),
    *,
    center: float | None = None,
    titles: Sequence[str] | None = None,
    x_label: str,
    y_label: str,
) -> Scene:
    """Draw a control chart.

    The vertical axis holds the values and the limits, and need not hold 0: the distance to the
    limits matters.

    Parameters
    ----------
    values : Sequence[Numbered]
        (number, value) in ascending order, drawn as dots.
    average : Sequence[Numbered]
        The moving average, a line; ``out`` marks its points beyond the limits, drawn as squares.
    limits : Sequence[tuple[int, float, float]]
        (number, low, high), drawn as steps.
    center : float or None
        The mean of the baseline.
    titles : Sequence[str] or None
        The title of each value.
    """
    across, up = _across(values), _up(values, average, limits)
    ticks = {value: text for value, text in across.ticks(X_GAP).items() if value == int(value)}
    middle = [] if center is None else [(PAGE.left, up.at(center)), (PAGE.right, up.at(center))]
    line = [(across.at(number), up.at(value)) for number, value in average]
    shapes = (
        *x_axis(across, PAGE.top, PAGE.bottom, x_label, ticks),
        *y_axis(up, PAGE.left, PAGE.right, y_label),
        *([Stroke(middle, "line thin")] if middle else []),
        *_limits(limits, across, up),
        *_dots(values, titles, across, up),
        *([Stroke(line, "curve")] if line else []),
        *_squares(average, out, across, up),
    )
    return Scene(PAGE.width, PAGE.height, f"Control chart of {y_label}", shapes)


def _across(values: Sequence[Numbered]) -> Axis:
    first, last = (values[0][0], values[-1][0]) if values else (1, 1)
    return PAGE.across(first - 0.5, max(last, first + 1) + 0.5)


def _up(
    values: Sequence[Numbered],
    average: Sequence[Numbered],
    limits: Sequence[tuple[int, float, float]],
) -> Axis:
    heights = [value for _, value in (*values, *average)]
    heights += [end for _, low, high in limits for end in (low, high)]
    low, high = (min(heights), max(heights)) if heights else (0.0, 1.0)
    margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    return PAGE.up(low - margin, high + margin)


def _limits(limits: Sequence[tuple[int, float, float]], across: Axis, up: Axis) -> Iterator[Shape]:
    """Each limit from half a number before to half a number after its own."""
    for end in (1, 2) if limits else ():
        steps = [
            (across.at(limit[0] + half), up.at(limit[end]))
            for limit in limits
            for half in (-0.5, 0.5)
        ]
        yield Stroke(steps, "line dashed")


def _dots(
    values: Sequence[Numbered], titles: Sequence[str] | None, across: Axis, up: Axis
) -> Iterator[Shape]:
    titles = titles or [f"{number}: {value:.4g}" for number, value in values]
    for (number, value), title in zip(values, titles, strict=True):
        yield Mark(across.at(number), up.at(value), 2, "value", title=title)


def _squares(
    average: Sequence[Numbered], out: Sequence[bool], across: Axis, up: Axis
) -> Iterator[Shape]:
    for (number, value), is_out in zip(average, out, strict=True):
        if is_out:
            title = f"{number}: {value:.4g}, out of control"
            yield Mark(across.at(number), up.at(value), 3.5, "flagged", "square", title)
