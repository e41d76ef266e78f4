"""Strip plots: every value of each group as a dot, groups below each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from distiliqa.report.plots.axes import X_GAP, Axis, dot, limits_of, text_width, x_axis
from distiliqa.report.plots.scene import Group, Scene, Stroke, Text

WIDTH, STRIP, TOP = 560, 30, 8
MAX_NAME = 28  # letters
GAP = 10  # between the axis and the labels beside it, px
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
    """Draw one strip a group, with its median, and its number of dots on the right.

    Parameters
    ----------
    groups : Mapping[str, Sequence[Dot]]
        Dots by the name of their group, from top to bottom. The median is that of the dots that are
        not flagged, where there are any.
    limits : tuple[float, float] or None
        Ends of the horizontal axis; without them it holds 0 and all values.
    """
    values = [one.value for dots in groups.values() for one in dots]
    names = [_shortened(name) for name in groups]
    centers = [_center(dots) for dots in groups.values()]
    counts = [
        f"{center:.2f}, n {len(dots)}"
        for center, dots in zip(centers, groups.values(), strict=True)
    ]
    left = max([60.0, *(text_width(name) + GAP + 4 for name in names)])
    right = WIDTH - GAP - max([80.0, *map(text_width, counts)])
    across = Axis(*(limits or limits_of(values)), left, right)
    bottom = TOP + STRIP * len(groups)
    shapes = (
        *x_axis(across, TOP, bottom, x_label, across.ticks(X_GAP)),
        *(
            _strip(name, count, center, dots, across, TOP + STRIP * (n + 0.5))
            for n, (name, count, center, dots) in enumerate(
                zip(names, counts, centers, groups.values(), strict=True)
            )
        ),
    )
    return Scene(WIDTH, bottom + 42, f"{x_label}, one strip a group", shapes)


def _center(dots: Sequence[Dot]) -> float:
    return median([dot.value for dot in dots if not dot.flagged] or [dot.value for dot in dots])


def _strip(
    name: str, count: str, center: float, dots: Sequence[Dot], across: Axis, middle: float
) -> Group:
    points = [
        dot(
            across.at(one.value),
            _spread(middle, n),
            title=one.title,
            href=one.href,
            flagged=one.flagged,
        )
        for n, one in enumerate(dots)
    ]
    x = across.at(center)
    stroke = Stroke([(x, middle - 0.45 * STRIP), (x, middle + 0.45 * STRIP)], "median")
    beside = (
        Text(across.start - GAP, middle + 4, name, "end"),
        Text(across.end + GAP, middle + 4, count),
    )
    return Group([*points, stroke, *beside], "strip")


def _spread(middle: float, number: int) -> float:
    """Heights that keep dots of like values apart, and are the same each time."""
    return round(middle + 0.7 * STRIP * ((number * GOLDEN + 0.5) % 1 - 0.5), 1)


def _shortened(name: str) -> str:
    return name if len(name) <= MAX_NAME else name[: MAX_NAME - 1] + "…"
