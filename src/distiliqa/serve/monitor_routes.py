"""Control charts of a monitor, and what a listener has received."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from distiliqa.errors import DistiliqaError
from distiliqa.foreign_text import read_text
from distiliqa.monitor.database import in_words, open_database
from distiliqa.monitor.trend import Protocol, protocols
from distiliqa.monitor.trend_chart import axis_words, chart_plot
from distiliqa.report.names import short_hash
from distiliqa.serve.workspace import Workspace

MAX_ARRIVALS = 500


def charts(request: Request) -> Response:
    """The protocols of each monitor with their control charts, those out of control first."""
    workspace: Workspace = request.app.state.workspace
    identify = workspace.settings.identify
    found = [
        _shown(protocol, identify=identify)
        for path in workspace.served.monitors
        for protocol in _protocols(path)
    ]
    return JSONResponse(sorted(found, key=lambda shown: not shown["is_out"]))


def _protocols(path: Path) -> list[Protocol]:
    if not path.is_file():  # to open it would make an empty one
        raise DistiliqaError("is not there any more", path=path, remedy="start again where it is")
    with closing(open_database(path)) as database, in_words(path):
        return protocols(database.execute("SELECT * FROM series_means").fetchall())


def _shown(protocol: Protocol, *, identify: bool) -> dict[str, Any]:
    episodes = [
        {
            "measure": episode.measure.name,
            "side": episode.side,
            "first": episode.first,
            "last": episode.last,
            "still": episode.still,
        }
        for episode in protocol.episodes
    ]
    return {
        "name": protocol.name,
        "series": len(protocol.members),
        "is_out": protocol.is_out,
        "order": axis_words(protocol, identify=identify),
        "episodes": episodes,
        "charts": [
            {"name": measure.name, "svg": str(chart_plot(measure, protocol, identify=identify))}
            for measure in protocol.measures
            if measure.values
        ],
    }


def received(request: Request) -> Response:
    """The latest arrivals of each listener, with the key of their series where there is one."""
    workspace: Workspace = request.app.state.workspace
    keys = {one.id: [series.key for series in one.series] for one in workspace.results()}
    rows = [row for path in workspace.served.listeners for row in _arrivals(path, keys)]
    return JSONResponse(rows)


def _arrivals(listener: Path, keys: dict[str, list[str]]) -> Iterator[dict[str, Any]]:
    rows = list(csv.DictReader(read_text(listener / "received.csv").splitlines()))
    for row in rows[: -MAX_ARRIVALS - 1 : -1]:
        found = keys.get(f"listen-{short_hash(str(listener))}-{row.get('name')}", [])
        yield {**row, "key": found[0] if found else None}


ROUTES = [Route("/api/monitor", charts), Route("/api/received", received)]
