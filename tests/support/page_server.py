"""A server of the local page in this process, on a free port, with results that a test makes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import requests
from starlette.applications import Starlette

from distiliqa.outputs import Outputs
from distiliqa.scoring.measuring import Measuring
from distiliqa.scoring.model import Model
from distiliqa.scoring.run import score_inputs
from distiliqa.serve.job_process import ScoringSettings
from distiliqa.serve.served_paths import ServedPaths
from distiliqa.serve.workspace import Workspace


class PageServer(NamedTuple):
    """A server that runs: its address, and what it knows."""

    url: str
    workspace: Workspace

    def get(self, path: str, **more: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=60, **more)

    def json(self, path: str) -> Any:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def series(self) -> list[str]:
        """Keys of the series, the worst first."""
        return [row["key"] for row in self.json("/api/series")]


def write_results(
    inputs: Path,
    out: Path,
    model: Model,
    *,
    identify: bool = False,
    measures: Measuring = "basic",
) -> Path:
    """Score a folder as ``score --out`` does; returns ``out``."""
    run = score_inputs([inputs], model, keep_heatmaps=True, measures=measures)
    Outputs(out, identify=identify).write(run, quiet=True)
    return out


@contextmanager
def page_server(
    folder: Path,
    given: ServedPaths | None = None,
    *,
    token: str | None = None,
    hosts: frozenset[str] = frozenset({"localhost"}),
    starts_jobs: bool = False,
    **settings: Any,
) -> Iterator[PageServer]:
    from distiliqa.serve.app import make_app

    workspace = Workspace(folder, given or ServedPaths(), ScoringSettings(**settings))
    try:
        with running_server(make_app(workspace, hosts, token)) as url:
            if starts_jobs:
                workspace.start()
            yield PageServer(url, workspace)
    finally:
        workspace.queue.close()


@contextmanager
def running_server(app: Starlette) -> Iterator[str]:
    """An application on a free port; gives its address."""
    import uvicorn

    # A browser may leave a request unfinished; `distiliqa serve` waits as long.
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
