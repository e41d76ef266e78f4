"""The application: its page, its routes, and the guard before them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from distiliqa.errors import DistiliqaError
from distiliqa.serve import export_routes, job_routes, monitor_routes, series_routes, trend_routes
from distiliqa.serve.access import Guard
from distiliqa.serve.json_answers import refused
from distiliqa.serve.served_paths import MAX_AT_ONCE
from distiliqa.serve.workspace import Workspace
from distiliqa.version import __version__

STATIC = Path(__file__).with_name("static")
PLOTS = Path(str(files("distiliqa.report"))) / "templates" / "plot.css"


@contextmanager
def opened_app(
    workspace: Workspace,
    hosts: frozenset[str],
    token: str | None,
    say: Callable[[str], None] = print,
) -> Iterator[Starlette]:
    """Start the jobs of a workspace, and end them with its application; see `make_app`.

    Parameters
    ----------
    say : Callable[[str], None]
        Takes what the terminal should know, a line each.
    """
    try:
        workspace.start()
        for path in workspace.large:
            say(f"{path} has more than {MAX_AT_ONCE:,} files: enter the path of a part on the page")
        for error in workspace.unreadable():
            say(str(error))
        yield make_app(workspace, hosts, token)
    finally:
        workspace.queue.close()


def make_app(workspace: Workspace, hosts: frozenset[str], token: str | None) -> Starlette:
    """The application for a workspace.

    Parameters
    ----------
    hosts, token : as in `distiliqa.serve.access.Guard`.
    """
    app = Starlette(
        routes=[
            Route("/", page),
            Route("/api/about", about),
            *job_routes.ROUTES,
            *series_routes.ROUTES,
            *export_routes.ROUTES,
            *trend_routes.ROUTES,
            *monitor_routes.ROUTES,
            Route("/static/plots.css", plots_css),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, hosts=hosts, token=token)],
        exception_handlers={DistiliqaError: refused},
    )
    app.state.workspace = workspace
    app.state.identify = workspace.settings.identify
    return app


def page(request: Request) -> Response:
    """The one page."""
    return FileResponse(STATIC / "index.html")


def plots_css(request: Request) -> Response:
    """The styles of plots, which are those of the reports."""
    return FileResponse(PLOTS, media_type="text/css")


def about(request: Request) -> Response:
    """What the page must know at its start."""
    workspace: Workspace = request.app.state.workspace
    served, identify = workspace.served, workspace.settings.identify
    return JSONResponse(
        {
            "version": __version__,
            "identify": identify,
            "picks": [str(path) for path in served.inputs] if identify else [],
            "can_pick": bool(served.inputs),
            "large": f"more than {MAX_AT_ONCE:,} files" if workspace.large else None,
            "unreadable": [
                str(error) if identify else error.reason for error in workspace.unreadable()
            ],
            "monitor": bool(served.monitors),
            "listen": bool(served.listeners),
            "results": str(workspace.queue.results),
        }
    )
