"""A control chart: values in their order, their moving average, and its limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

from distiliqa.report.plots.axes import X_GAP, Axis, x_axis, y_axis
from distiliqa.report.plots.profile import PAGE
from distiliqa.report.plots.scene import Mark, Scene, Shape, Stroke

Placed = tuple[float, float]  # the place of a series, and its value
_NAME_GAP = 96  # least room for a name of a place, px


def control(
    values: Sequence[Placed],
    average: Sequence[Placed] = (),
    limits: Sequence[tuple[float, float, float]] = (),
    out: Sequence[bool] = (),
    *,
    center: float | None = None,
    titles: Sequence[str] | None = None,
    name: Callable[[float], str] | None = None,
    x_label: str,
    y_label: str,
) -> Scene:
    """Draw a control chart.

    The vertical axis holds the values and the limits, and need not hold 0: the distance to the
    limits matters.

    Parameters
    ----------
    values : Sequence[Placed]
        (place, value) in ascending order, drawn as dots. Places are numbers of series, or days.
    average : Sequence[Placed]
        The moving average, a line; ``out`` marks its points beyond the limits, drawn as squares.
    limits : Sequence[tuple[int, float, float]]
        (place, low, high), drawn as steps.
    center : float or None
        The mean of the baseline.
    titles : Sequence[str] or None
        The title of each value.
    name : Callable[[float], str] or None
        Names a place below the axis, such as by its date; None for its number.
    """
    across, up = _across(values), _up(values, average, limits)
    found = across.ticks(X_GAP if name is None else _NAME_GAP)
    ticks = {at: name(at) if name else f"{at:g}" for at in found if at == int(at)}
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


def _across(values: Sequence[Placed]) -> Axis:
    first, last = (values[0][0], values[-1][0]) if values else (1, 1)
    margin = max(0.5, 0.02 * (last - first))
    return PAGE.across(first - margin, max(last, first + 1) + margin)


def _up(
    values: Sequence[Placed],
    average: Sequence[Placed],
    limits: Sequence[tuple[float, float, float]],
) -> Axis:
    heights = [value for _, value in (*values, *average)]
    heights += [end for _, low, high in limits for end in (low, high)]
    low, high = (min(heights), max(heights)) if heights else (0.0, 1.0)
    margin = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    return PAGE.up(low - margin, high + margin)


def _limits(
    limits: Sequence[tuple[float, float, float]], across: Axis, up: Axis
) -> Iterator[Shape]:
    """Each limit from half way to the place before to half way to the place after its own."""
    places = [place for place, _, _ in limits]
    middles = [(one + other) / 2 for one, other in pairwise(places)]
    edges = [_before(places), *middles, _after(places)] if places else []
    for end in (1, 2) if limits else ():
        steps = [
            (across.at(edge), up.at(limit[end]))
            for limit, ends in zip(limits, pairwise(edges), strict=True)
            for edge in ends
        ]
        yield Stroke(steps, "line dashed")


def _before(places: Sequence[float]) -> float:
    return places[0] - (0.5 if len(places) == 1 else (places[1] - places[0]) / 2)


def _after(places: Sequence[float]) -> float:
    return places[-1] + (0.5 if len(places) == 1 else (places[-1] - places[-2]) / 2)


def _dots(
    values: Sequence[Placed], titles: Sequence[str] | None, across: Axis, up: Axis
) -> Iterator[Shape]:
    titles = titles or [f"{number}: {value:.4g}" for number, value in values]
    for (number, value), title in zip(values, titles, strict=True):
        yield Mark(across.at(number), up.at(value), 2, "value", title=title)


def _squares(
    average: Sequence[Placed], out: Sequence[bool], across: Axis, up: Axis
) -> Iterator[Shape]:
    for (number, value), is_out in zip(average, out, strict=True):
        if is_out:
            title = f"{number}: {value:.4g}, out of control"
            yield Mark(across.at(number), up.at(value), 3.5, "flagged", "square", title)
