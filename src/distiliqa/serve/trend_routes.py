"""Plots over all series: any two measures against each other, with a trend for each group."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import linear_regression
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from distiliqa.errors import DistiliqaError
from distiliqa.report.columns import COMPARED, FACTS, series_columns
from distiliqa.report.mean_columns import MEASURES
from distiliqa.report.plots.profile import Frame
from distiliqa.report.plots.scatter import COLORS, Cloud, Spot, scatter
from distiliqa.report.plots.scene import Point, svg
from distiliqa.report.several_models import several_models
from distiliqa.serve.stored_results import StoredSeries
from distiliqa.serve.workspace import Workspace
from distiliqa.statistics.size_trend import MIN_SERIES

GROUPS = ("protocol", "standard_name", "scanner", "kernel", "model")
_SETTINGS = tuple(column for column in FACTS if column.digits is not None)
_COLUMNS = (*MEASURES, *_SETTINGS, *series_columns("slices"))
# Here no series has a reference, and the ends of an interval are those of a single slice.
_OTHERS = {"interval_low", "interval_high", *(column.name for column in COMPARED)}
LABELS = {column.name: column.title for column in _COLUMNS if column.name not in _OTHERS}
# Outputs of the model: those of different models are not on one scale.
_OF_MODEL = {"score", "spread", "distance", "processed"}
_DOSE, _PHANTOM = "ctdivol_mgy", "ctdi_phantom_cm"
# Noise and dose grow by a share with size, so that their trend is one of their logarithms.
_BY_SHARE = ("noise_hu", "ssde_mgy", _DOSE)
_FRAME, _NARROW_FRAME = Frame(width=760, height=440), Frame(width=370, height=330)
_SAMPLES = 24  # of a curve
_OTHER_GROUPS = "others"  # they have nothing in common, and so no trend


class Place(NamedTuple):
    """A series in a plot; the phantom is that of its CTDIvol."""

    x: float
    y: float
    row: dict[str, Any]
    phantom_cm: float | None


def measures(request: Request) -> Response:
    """What can be plotted, and what can color it."""
    return JSONResponse({"measures": LABELS, "groups": GROUPS})


def plot(request: Request) -> Response:
    """The plot of ``?x=&y=&by=`` as SVG, and its numbers; ``&narrow=1`` for a telephone."""
    x, y, by = (request.query_params.get(name, "") for name in ("x", "y", "by"))
    if x not in LABELS or y not in LABELS or by not in GROUPS:
        raise DistiliqaError("no such measure", remedy="choose one of the list")
    workspace: Workspace = request.app.state.workspace
    listed = [one.series for one in workspace.listed()]
    places = list(_places(listed, x, y, workspace.settings.identify))
    if not places:
        raise DistiliqaError("no series has both measures", remedy="choose others")
    clouds = [_cloud(name, members, x, y) for name, members in _grouped(places, by).items()]
    frame = _NARROW_FRAME if "narrow" in request.query_params else _FRAME
    scene = scatter(clouds, x_label=LABELS[x], y_label=LABELS[y], frame=frame)
    left_out = len(listed) - len(places)
    return JSONResponse(
        {
            "svg": str(svg(scene)),
            "series": len(places),
            "left_out": left_out,
            "warning": _several_models(places, x, y),
        }
    )


def _places(listed: Iterable[StoredSeries], x: str, y: str, identify: bool) -> Iterator[Place]:
    """The series that have both measures."""
    for series in listed:
        across, up = series.numbers.get(x), series.numbers.get(y)
        if across is not None and up is not None:
            row, phantom_cm = series.row(identify=identify), series.numbers.get(_PHANTOM)
            yield Place(across, up, row, phantom_cm)


def _grouped(places: Iterable[Place], by: str) -> dict[str, list[Place]]:
    """The largest groups, and the others together where there are more than colors."""
    places = list(places)
    names = [str(place.row[by] or "not stated") for place in places]
    largest = [name for name, _ in Counter(names).most_common()]
    kept = largest if len(largest) <= len(COLORS) else largest[: len(COLORS) - 1]
    groups: dict[str, list[Place]] = {name: [] for name in kept}
    for name, place in zip(names, places, strict=True):
        groups.setdefault(name if name in kept else _OTHER_GROUPS, []).append(place)
    return groups


def _several_models(places: Iterable[Place], x: str, y: str) -> str | None:
    """Warn where an axis holds outputs of several models."""
    return several_models(place.row["model"] for place in places) if {x, y} & _OF_MODEL else None


def _cloud(name: str, members: Sequence[Place], x: str, y: str) -> Cloud:
    phantoms = _DOSE in (x, y) and len({place.phantom_cm for place in members} - {None}) > 1
    mixed = ", two phantoms" * phantoms + ", several models" * bool(_several_models(members, x, y))
    line = [] if mixed or name == _OTHER_GROUPS else _trend(members, y)
    spots = [
        Spot(place.x, place.y, f"{place.row['name']}: {place.x:.4g}, {place.y:.4g}",
             f"#/view/{place.row['key']}")
        for place in members
    ]  # fmt: skip
    return Cloud(name, f"{len(members)} series{mixed}", spots, line)


def _trend(members: Sequence[Place], y: str) -> list[Point]:
    """A fit by least squares; none below `MIN_SERIES` series or where all have one x."""
    across = [place.x for place in members]
    if len(members) < MIN_SERIES or min(across) == max(across):
        return []
    by_share = y in _BY_SHARE and all(place.y > 0 for place in members)
    up = [math.log(place.y) if by_share else place.y for place in members]
    slope, start = linear_regression(across, up)
    step = (max(across) - min(across)) / _SAMPLES
    points = [min(across) + step * n for n in range(_SAMPLES + 1)]
    values = [start + slope * x for x in points]
    return list(zip(points, map(math.exp, values) if by_share else values, strict=True))


ROUTES = [Route("/api/trends/measures", measures), Route("/api/trends/plot", plot)]
