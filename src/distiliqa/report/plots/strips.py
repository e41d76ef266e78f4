"""Strip plots: every value of each group as a dot, groups below each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import NamedTuple

from markupsafe import Markup

from distiliqa.report.plots.axes import X_GAP, Axis, dot, limits_of, svg, text_width, x_axis

WIDTH, STRIP, TOP = 560, 30, 8
LONGEST_NAME = 28
GAP = 10  # between the axis and the labels beside it, px
GOLDEN = 0.6180339887  # steps of it spread any number of dots evenly


class Dot(NamedTuple):
    """One value, where a click on it leads, what it is, and whether it is drawn hollow."""

    value: float
    href: str
    title: str
    flagged: bool = False


def strips(
    groups: Mapping[str, Sequence[Dot]],
    *,
    x_label: str,
    limits: tuple[float, float] | None = None,
) -> Markup:
    """Draw one strip a group as an inline SVG, with its median, its number of dots on the right.

    Parameters
    ----------
    groups : dots by the name of their group, from top to bottom. The median is that of the dots
        that are not flagged, where there are any.
    limits : ends of the horizontal axis; without them it holds 0 and all values.
    """
    values = [each.value for dots in groups.values() for each in dots]
    names = {name: _shortened(name) for name in groups}
    centers = {name: _center(dots) for name, dots in groups.items()}
    counts = {name: f"{centers[name]:.2f}, n {len(dots)}" for name, dots in groups.items()}
    left = max([60.0, *(text_width(name) + GAP + 4 for name in names.values())])
    right = WIDTH - GAP - max([80.0, *map(text_width, counts.values())])
    across = Axis(*(limits or limits_of(values)), left, right)
    bottom = TOP + STRIP * len(groups)
    drawn = (
        _strip(names[name], counts[name], centers[name], dots, across, TOP + STRIP * (n + 0.5))
        for n, (name, dots) in enumerate(groups.items())
    )
    axis = x_axis(across, TOP, bottom, x_label, across.ticks(X_GAP))
    return svg(WIDTH, bottom + 42, f"{x_label}, one strip a group", axis, *drawn)


def _center(dots: Sequence[Dot]) -> float:
    return median([dot.value for dot in dots if not dot.flagged] or [dot.value for dot in dots])


def _strip(
    name: str, count: str, center: float, dots: Sequence[Dot], across: Axis, middle: float
) -> Markup:
    points = (
        dot(
            across.at(each.value),
            _spread(middle, n),
            title=each.title,
            href=each.href,
            flagged=each.flagged,
        )
        for n, each in enumerate(dots)
    )
    return Markup(
        '<g class="strip">{points}<path class="median" d="M{x} {top}V{bottom}"/>'
        '<text x="{left}" y="{base}" text-anchor="end">{name}</text>'
        '<text x="{right}" y="{base}">{count}</text></g>'
    ).format(
        points=Markup("").join(points),
        x=across.at(center),
        top=middle - 0.45 * STRIP,
        bottom=middle + 0.45 * STRIP,
        left=across.start - GAP,
        right=across.end + GAP,
        base=middle + 4,
        name=name,
        count=count,
    )


def _spread(middle: float, number: int) -> float:
    """Heights that keep dots of like values apart, and are the same each time."""
    return round(middle + 0.7 * STRIP * ((number * GOLDEN + 0.5) % 1 - 0.5), 1)


def _shortened(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1] + "…"
