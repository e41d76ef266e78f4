"""A plot as shapes in px, from the upper left corner, as inline SVG of a page, and as a file.

`distiliqa.report.pdf.drawing` draws the same shapes on paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

from markupsafe import Markup

from distiliqa.files import write_text

Point = tuple[float, float]

# Of plots, px. On a page of 390 px and beside another plot of a wide one, text keeps its size.
WIDTH = 360.0


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
    """A plot, which notebooks show as a picture.

    Attributes
    ----------
    width, height : float
        Px.
    title : str
        Read out by a screen reader.
    shapes : Sequence[Shape]
        From the first to the last drawn.
    """

    width: float
    height: float
    title: str
    shapes: Sequence[Shape]

    def __repr__(self) -> str:
        return f"<Scene {self.title}>"

    def _repr_svg_(self) -> str:
        return svg_file(self)

    def save(self, path: str | Path) -> None:
        """Write the plot as an SVG file.

        Parameters
        ----------
        path : str or Path
            File to write, such as ``plot.svg``.

        Raises
        ------
        DistiliqaError
            The disk is full or the folder cannot be written.
        """
        write_text(Path(path), svg_file(self))


def svg_file(scene: Scene) -> str:
    """Draw a plot as an SVG file of its own, with its size and its styles."""
    colors, rules = (_template(name) for name in ("colors.css", "plot.css"))
    style = f"svg.plot {{ background: #fff;\n{colors}}}\n{rules}svg.plot {{ width: auto; }}"
    head = Markup('<svg width="{}" height="{}"').format(_px(scene.width), _px(scene.height))
    drawn = svg(scene).replace("<svg", head, 1)
    return drawn.replace("<title>", Markup("<style>{}</style><title>").format(style), 1)


def _template(name: str) -> str:
    return (files("distiliqa.report") / "templates" / name).read_text("utf-8")


def svg(scene: Scene) -> Markup:
    """Draw a plot as inline SVG without a script; its styles are classes in ``plot.css``."""
    return Markup(
        '<svg class="plot" role="img" viewBox="0 0 {} {}" xmlns="http://www.w3.org/2000/svg">'
        "<title>{}</title>{}</svg>"
    ).format(_px(scene.width), _px(scene.height), scene.title, _drawn(scene.shapes))


def _drawn(shapes: Iterable[Shape]) -> Markup:
    return Markup("").join(map(_shape, shapes))


def _shape(shape: Shape) -> Markup:
    match shape:
        case Stroke(points, style):
            return Markup('<path class="{}" d="M{}" fill="none"/>').format(style, _path(points))
        case Area(points, style):
            return Markup('<path class="{}" d="M{}Z"/>').format(style, _path(points))
        case Text(x, y, text, anchor):
            place = Markup(' text-anchor="{}"').format(anchor) if anchor != "start" else ""
            words = Markup('<text x="{}" y="{}"{}>{}</text>')
            return words.format(_px(x), _px(y), place, text)
        case Group(shapes, style):
            return Markup('<g class="{}">{}</g>').format(style, _drawn(shapes))
        case Mark(href=""):
            return _mark(shape)
        case Mark(href=href):
            # Thousands of points are no stops for the tab key: the tables lead to the same places.
            return Markup('<a href="{}" tabindex="-1">{}</a>').format(href, _mark(shape))


def _mark(mark: Mark) -> Markup:
    x, y, radius = mark.x, mark.y, mark.radius
    if mark.shape == "circle":
        name, place = "circle", f'cx="{_px(x)}" cy="{_px(y)}" r="{radius}"'
    elif mark.shape == "square":
        corner, side = f'x="{_px(x - radius)}" y="{_px(y - radius)}"', _px(2 * radius)
        name, place = "rect", f'{corner} width="{side}" height="{side}"'
    else:
        corners = [(x, y - radius), (x + radius, y), (x, y + radius), (x - radius, y)]
        name, place = "path", f'd="M{_path(corners)}Z"'
    return Markup('<{0} class="{1}" {2}><title>{3}</title></{0}>').format(
        Markup(name), mark.style, Markup(place), mark.title
    )


def _path(points: Iterable[Point]) -> str:
    return "L".join(f"{_px(x)} {_px(y)}" for x, y in points)


def _px(value: float) -> str:
    return f"{value:.5g}"
