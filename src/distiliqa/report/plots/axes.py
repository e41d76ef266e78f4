"""Linear axes with round ticks, and the shapes that all plots share."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from unicodedata import east_asian_width

from distiliqa.report.plots.scene import Mark, Shape, Stroke, Text

Values = Sequence[float | None]

X_GAP, Y_GAP = 56, 32  # least room for a label, px
LABEL_GAP = 4  # between labels, px

# Ends beyond this make no finite span, and ends nearer than these no span at all.
_MAX_END, _MIN_SPAN, _MIN_SHARE = 1e300, 1e-300, 1e-9

# Labels from and below these are powers of ten, which stay short.
_LONG, _SMALL = 1e7, 1e-6


@dataclass(frozen=True)
class Axis:
    """A linear axis from ``low`` to ``high`` in data, drawn from ``start`` to ``end`` in px.

    Ends may be any numbers: where they are equal or too near for values to differ, they are moved
    apart, and ends that are not finite become finite. ``low`` may lie above ``high``.
    """

    low: float
    high: float
    start: float
    end: float

    def __post_init__(self) -> None:
        low, high = (min(_MAX_END, max(-_MAX_END, end)) for end in (self.low, self.high))
        size = max(abs(low), abs(high))
        if abs(high - low) < max(_MIN_SHARE * size, _MIN_SPAN):
            room = 1e3 * _MIN_SHARE * size or 1.0
            low, high = low - room, high + room
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def at(self, value: float) -> float:
        """Place of a value, px; values beyond an end are placed on it."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + min(1.0, max(0.0, share)) * (self.end - self.start), 1)

    def ticks(self, gap: float) -> dict[float, str]:
        """Round values between the ends, ``gap`` px or more apart, with their labels."""
        most = max(1.0, abs(self.end - self.start) / gap)
        step = _round_step(abs(self.high - self.low) / most)
        low, high = sorted((self.low, self.high))
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        label = _label(step, max(abs(low), abs(high)))
        return {n * step: label.format(n * step) for n in range(first, last + 1)}


def limits_of(values: Iterable[float]) -> tuple[float, float]:
    """Limits that hold all values and 0, so that lengths on the axis compare as the values do."""
    low, high = min(values := [*values, 0.0]), max(values)
    if low == high:
        return 0.0, 1.0
    margin = 0.05 * (high - low)
    return (low - margin if low < 0 else 0.0), (high + margin if high > 0 else 0.0)


def limits_around(values: Iterable[float], min_range: float) -> tuple[float, float]:
    """Limits with a margin, ``min_range`` or more apart: small differences make no slope."""
    low, high = min(values := [*values]), max(values)
    margin = max(0.1 * (high - low), (min_range - (high - low)) / 2)
    return low - margin, high + margin


def runs(x: Sequence[float], *columns: Values) -> list[list[tuple[float, ...]]]:
    """Stretches of rows without a gap."""
    rows = list(zip(x, *columns, strict=True))
    whole = [all(v is not None and math.isfinite(v) for v in row) for row in rows]
    found = groupby(range(len(rows)), key=whole.__getitem__)
    return [[rows[n] for n in numbers] for known, numbers in found if known]


def x_axis(
    axis: Axis, top: float, bottom: float, label: str, ticks: Mapping[float, str]
) -> Iterator[Shape]:
    """The horizontal axis at ``bottom`` with grid lines up to ``top``.

    A label that would overlap the one before it is left out.
    """
    yield from x_grid(axis, top, bottom, ticks)
    taken = -math.inf
    for x, text in sorted((axis.at(value), text) for value, text in ticks.items()):
        half = text_width(text) / 2
        if x - half >= taken:
            yield Text(x, bottom + 16, text, "middle")
            taken = x + half + LABEL_GAP
    yield Text((axis.start + axis.end) / 2, bottom + 33, label, "middle")


def x_grid(axis: Axis, top: float, bottom: float, ticks: Iterable[float]) -> Iterator[Shape]:
    """The horizontal axis without labels."""
    for value in ticks:
        x = axis.at(value)
        yield Stroke([(x, top), (x, bottom)], "grid")
    yield Stroke([(axis.start, bottom), (axis.end, bottom)], "axis")


def y_axis(
    axis: Axis, left: float, right: float, label: str, gap: float = Y_GAP
) -> Iterator[Shape]:
    """The vertical axis at ``left`` with grid lines to ``right``; its label stands above it."""
    for value, text in axis.ticks(gap).items():
        y = axis.at(value)
        yield Stroke([(left, y), (right, y)], "grid")
        yield Text(left - 6, y + 4, text, "end")
    yield Stroke([(left, axis.start), (left, axis.end)], "axis")
    yield Text(4, axis.end - 10, label)


def dot(x: float, y: float, *, title: str, href: str = "", flagged: bool = False) -> Mark:
    """A value as a point; a flagged one is larger and hollow, and reads so in gray."""
    style, radius = ("dot flagged", 3.6) if flagged else ("dot", 2.4)
    return Mark(x, y, radius, style, title=title, href=href)


def text_width(text: str) -> float:
    """Room that a label needs, px, in the widest of the fonts that a reader may have."""
    return sum(map(_letter_width, text))


def shortened(name: str, room: float) -> str:
    """A name that has the room of a label, px; its end is left out where it is too long."""
    if text_width(name) <= room:
        return name
    while name and text_width(name) > room - text_width("…"):
        name = name[:-1]
    return f"{name.rstrip()}…"


def _letter_width(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 12.0
    return 9.0 if letter.isupper() else 7.2


def _label(step: float, largest: float) -> str:
    """The format of the labels of an axis."""
    if step < _SMALL or largest >= _LONG:
        digits = math.ceil(math.log10(max(largest / step, 1.0))) + 1
        return f"{{:.{digits}g}}"
    return f"{{:.{max(0, -math.floor(math.log10(step) + 1e-9))}f}}"


def _round_step(lowest: float) -> float:
    """The smallest of 1, 2, 5, 10, ... times a power of ten that is not below ``lowest``."""
    power = 10.0 ** math.floor(math.log10(lowest))
    return next(n * power for n in (1, 2, 5, 10) if n * power >= lowest * (1 - 1e-9))
