"""Strip plots: every value of each group as a dot, groups below each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from distiliqa.report.plots.axes import (
    X_GAP,
    Axis,
    dot,
    limits_of,
    shortened,
    text_width,
    x_axis,
)
from distiliqa.report.plots.scene import WIDTH, Group, Scene, Stroke, Text

STRIP, NAME, TOP = 40, 16, 4  # height of a strip and of the line of its name, and above them, px
SIDE = 12  # beside the axis, px
GAP = 10  # between the name and the median, px
GOLDEN = 0.6180339887  # steps of it spread any number of dots evenly


class Dot(NamedTuple):
    """One value, where a click on it leads, its title, and whether it is drawn hollow."""

    value: float
    href: str
    title: str
    flagged: bool = False


def strips(
    groups: Mapping[str, Sequence[Dot]],
    *,
    x_label: str,
    limits: tuple[float, float] | None = None,
) -> Scene:
    """Draw one strip a group; above it stand its name, its median and its number of dots.

    Parameters
    ----------
    groups : Mapping[str, Sequence[Dot]]
        Dots by the name of their group, from top to bottom. The median is that of the dots that are
        not flagged, where there are any.
    limits : tuple[float, float] or None
        Ends of the horizontal axis; without them it holds 0 and all values.
    """
    values = [one.value for dots in groups.values() for one in dots]
    across = Axis(*(limits or limits_of(values)), SIDE, WIDTH - SIDE)
    bottom = TOP + STRIP * len(groups)
    shapes = (
        *x_axis(across, TOP, bottom, x_label, across.ticks(X_GAP)),
        *(
            _strip(name, dots, across, TOP + STRIP * n)
            for n, (name, dots) in enumerate(groups.items())
        ),
    )
    return Scene(WIDTH, bottom + 42, f"{x_label}, one strip a group", shapes)


def _strip(name: str, dots: Sequence[Dot], across: Axis, top: float) -> Group:
    low, high = top + NAME + 2, top + STRIP - 2
    points = [
        dot(
            across.at(one.value),
            _spread(low + 3, high - 3, n),
            title=one.title,
            href=one.href,
            flagged=one.flagged,
        )
        for n, one in enumerate(dots)
    ]
    center = _center(dots)
    x, count = across.at(center), f"{center:.2f}, n {len(dots)}"
    words = (
        Text(across.start, top + NAME - 4, shortened(name, _room(across, count))),
        Text(across.end, top + NAME - 4, count, "end"),
    )
    above = Stroke([(across.start, top), (across.end, top)], "grid")
    return Group([above, *points, Stroke([(x, low), (x, high)], "median"), *words], "strip")


def _center(dots: Sequence[Dot]) -> float:
    return median([dot.value for dot in dots if not dot.flagged] or [dot.value for dot in dots])


def _room(across: Axis, count: str) -> float:
    return across.end - across.start - text_width(count) - GAP


def _spread(low: float, high: float, number: int) -> float:
    """Heights that keep dots of like values apart, and are the same each time."""
    return round(low + (high - low) * ((number * GOLDEN + 0.5) % 1), 1)
