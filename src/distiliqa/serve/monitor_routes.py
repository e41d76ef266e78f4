"""Control charts of a monitor, and what a listener has received."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from distiliqa.errors import DistiliqaError
from distiliqa.foreign_text import read_text
from distiliqa.models.folder import ONNX, find_model, read_config
from distiliqa.monitor.database import in_words, open_database
from distiliqa.monitor.trend import Protocol, protocols
from distiliqa.monitor.trend_chart import axis_words, chart_plot, explained
from distiliqa.report.names import short_hash
from distiliqa.serve.job_process import ScoringSettings
from distiliqa.serve.workspace import Workspace

MAX_ARRIVALS = 500


class ScoredBy(NamedTuple):
    """The model that all scores of a monitor are of."""

    name: str
    version: str
    sha256: str


def charts(request: Request) -> Response:
    """The protocols of each monitor with their control charts, those out of control first."""
    workspace: Workspace = request.app.state.workspace
    found = [
        _shown(protocol, scored_by, workspace.settings)
        for path in workspace.served.monitors
        for scored_by, protocol in _protocols(path)
    ]
    return JSONResponse(sorted(found, key=lambda shown: not shown["is_out"]))


def _protocols(path: Path) -> Iterator[tuple[ScoredBy, Protocol]]:
    """The protocols of a monitor, each with the model that scored all of them."""
    if not path.is_file():  # to open it would make an empty one
        raise DistiliqaError("is not there any more", path=path, remedy="start again where it is")
    with closing(open_database(path)) as database, in_words(path):
        found = protocols(database.execute("SELECT * FROM series_means").fetchall())
        model = database.execute("SELECT name, version, sha256 FROM model").fetchone()
    return ((ScoredBy(*model), protocol) for protocol in found)


def _higher_is_better(scored_by: ScoredBy, model: str) -> bool | None:
    """The direction of the scores, which a monitor does not keep; None of another model."""
    try:
        config = read_config(find_model(model))
    except DistiliqaError:
        return None
    own = ScoredBy(config.name, config.version, config.files.get(ONNX, ""))
    return config.scale.higher_is_better if own == scored_by else None


def _shown(protocol: Protocol, scored_by: ScoredBy, settings: ScoringSettings) -> dict[str, Any]:
    identify, better = settings.identify, _higher_is_better(scored_by, settings.model)
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
        "model": f"{scored_by.name} {scored_by.version}",
        "is_out": protocol.is_out,
        "is_judged": protocol.is_judged,
        "state": protocol.state,
        "order": axis_words(protocol, identify=identify),
        "episodes": episodes,
        "charts": [
            {
                "name": measure.name,
                "svg": str(chart_plot(measure, protocol, identify=identify)),
                "explained": explained(measure, better),
            }
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
    rows = list(csv.DictReader(io.StringIO(read_text(listener / "received.csv"), newline="")))
    for row in rows[: -MAX_ARRIVALS - 1 : -1]:
        found = keys.get(f"listen-{short_hash(str(listener))}-{row.get('name')}", [])
        yield {**row, "key": found[0] if found else None}


ROUTES = [Route("/api/monitor", charts), Route("/api/received", received)]
