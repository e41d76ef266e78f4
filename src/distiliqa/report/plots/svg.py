"""A plot on a page: inline SVG without a script, legible in gray."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from distiliqa.report.plots.scene import Area, Group, Mark, Point, Scene, Shape, Stroke, Text


def svg(scene: Scene) -> Markup:
    """The plot as an inline picture; its styles are classes in ``style.css``."""
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
