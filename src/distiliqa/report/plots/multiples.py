"""Small multiples: several measurements along one axis, in panels below each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from distiliqa.report.plots.axes import X_GAP, Axis, Values, limits_of, x_axis, x_grid, y_axis
from distiliqa.report.plots.profile import Intervals, band, curve, dots, ends_of
from distiliqa.report.plots.scene import WIDTH, Scene, Shape

HEIGHT = 62.0  # of a panel, px
LEFT, RIGHT = 46, 12  # beside a panel, px
ABOVE, BELOW = 28, 42  # the label of a panel, and the shared axis, px
GAP = 20  # between labels of a panel, px


class Panel(NamedTuple):
    """A measurement.

    Attributes
    ----------
    label : str
        Name and unit.
    y : Values
        One value for each place; None leaves a gap.
    limits : tuple[float, float] or None
        Ends of the vertical axis; without them it holds 0 and all that is drawn.
    intervals : Intervals
        Lower and upper end for each value, drawn as a band.
    """

    label: str
    y: Values
    limits: tuple[float, float] | None = None
    intervals: Intervals = ()


def multiples(
    x: Sequence[float],
    panels: Sequence[Panel],
    *,
    x_label: str,
    marks: Sequence[bool] | None = None,
    hrefs: Sequence[str] | None = None,
    height: float = HEIGHT,
) -> Scene:
    """Draw panels that share the horizontal axis, which is labeled below the last.

    Parameters
    ----------
    x : Sequence[float]
        Ascending, in the unit that ``x_label`` states.
    panels : Sequence[Panel]
        From top to bottom, at least one.
    marks : Sequence[bool] or None
        True draws the points of a place hollow.
    hrefs : Sequence[str] or None
        Where a click on a point of each place leads.
    height : float
        Height of a panel, px.
    """
    across = Axis(*ends_of(x), LEFT, WIDTH - RIGHT)
    tops = [ABOVE + n * (ABOVE + height) for n in range(len(panels))]
    ticks = across.ticks(X_GAP)
    shapes: list[Shape] = []
    for panel, top in zip(panels, tops, strict=True):
        if top == tops[-1]:
            shapes += x_axis(across, top, top + height, x_label, ticks)
        else:
            shapes += x_grid(across, top, top + height, ticks)
        up = Axis(*(panel.limits or limits_of(_heights(panel))), top + height, top)
        shapes += band(x, panel.intervals or [None] * len(x), across, up)
        shapes += y_axis(up, LEFT, WIDTH - RIGHT, panel.label, GAP)
        shapes += curve(x, panel.y, across, up)
        shapes += dots(x, panel.y, across, up, marks, hrefs)
    names = ", ".join(panel.label for panel in panels)
    return Scene(WIDTH, tops[-1] + height + BELOW, f"{names} by {x_label}", shapes)


def _heights(panel: Panel) -> Iterator[float]:
    yield from (value for value in panel.y if value is not None)
    yield from (end for interval in panel.intervals for end in interval or ())
