"""A plot as shapes in px, from the upper left corner; a back end draws it on a page or on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Point = tuple[float, float]


class Stroke(NamedTuple):
    """A line through points. A ``style`` is a name that each back end knows."""

    points: Sequence[Point]
    style: str


class Area(NamedTuple):
    """The area inside a line through points."""

    points: Sequence[Point]
    style: str


class Mark(NamedTuple):
    """A point: its title, and where a click on it leads."""

    x: float
    y: float
    radius: float = 2.4
    style: str = "dot"
    shape: Literal["circle", "square", "diamond"] = "circle"
    title: str = ""
    href: str = ""


class Text(NamedTuple):
    """One line of text on a base line."""

    x: float
    y: float
    text: str
    anchor: Literal["start", "middle", "end"] = "start"


class Group(NamedTuple):
    """Shapes that share a style."""

    shapes: Sequence[Shape]
    style: str


Shape: TypeAlias = Stroke | Area | Mark | Text | Group


@dataclass(frozen=True)
class Scene:
    """A plot.

    Attributes
    ----------
    width, height : px.
    title : read out by a screen reader.
    shapes : from the first to the last drawn.
    """

    width: float
    height: float
    title: str
    shapes: Sequence[Shape]
