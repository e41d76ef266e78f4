"""Files to keep: the table of the selected series, and the results of a job."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from distiliqa.errors import DistiliqaError
from distiliqa.report.csv import cells, write_rows
from distiliqa.report.series_csv import IDENTIFYING
from distiliqa.serve.json_answers import body_of, texts
from distiliqa.serve.stored_results import StoredSeries
from distiliqa.serve.workspace import Workspace

# The report has its style and script inside, and is shown in a sandbox, without the rights of this
# page.
REPORT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "sandbox allow-scripts allow-popups; frame-ancestors 'none'"
)
_BLOCK = 1 << 20


async def series_csv(request: Request) -> Response:
    """``series.csv`` of the series that were selected, with the model of each as last column."""
    workspace: Workspace = request.app.state.workspace
    keys = texts(await body_of(request), "series")
    return await run_in_threadpool(_series_csv, workspace, keys)


def _series_csv(workspace: Workspace, keys: list[str]) -> Response:
    chosen = [workspace.choose(key).series for key in keys]
    rows = [one.cells if workspace.settings.identify else _anonymous(one) for one in chosen]
    names = [*dict.fromkeys(name for row in rows for name in row), "model"]
    models = (cells({"model": one.facts["model"]}) for one in chosen)
    text = io.StringIO(newline="")
    write_rows(text, names, [{**row, **model} for row, model in zip(rows, models, strict=True)])
    headers = {"Content-Disposition": 'attachment; filename="series.csv"'}
    return Response(text.getvalue().encode(), headers=headers, media_type="text/csv")


def _anonymous(series: StoredSeries) -> dict[str, str]:
    """The row of a series without what may identify, in case it was written with it."""
    hidden = {column.name for column in IDENTIFYING}
    kept = {name: value for name, value in series.cells.items() if name not in hidden}
    return kept | {"name": str(cells({"name": series.facts["name"]})["name"])}


def job_file(request: Request) -> Response:
    """A file of the results of a job."""
    folder = _results_of(request)
    try:
        path = (folder / request.path_params["name"]).resolve()
        is_there = folder in path.parents and path.is_file()
    except (OSError, ValueError):  # no system has a file of such a name
        is_there = False
    if not is_there:
        raise DistiliqaError("no such file", remedy="choose one of the job")
    headers = {"Content-Security-Policy": REPORT_POLICY} if path.suffix == ".html" else {}
    return FileResponse(path, headers=headers)


def job_zip(request: Request) -> Response:
    """All results of a job in one zip, made as it is sent."""
    folder = _results_of(request)
    name = f"distiliqa-{request.path_params['job']}"
    headers = {"Content-Disposition": f'attachment; filename="{name}.zip"'}
    return StreamingResponse(_zipped(folder, name), headers=headers, media_type="application/zip")


def _results_of(request: Request) -> Path:
    workspace: Workspace = request.app.state.workspace
    job = workspace.queue.get(request.path_params["job"])
    folder = None if job is None else workspace.queue.results / job.id
    if folder is None or not folder.is_dir():
        raise DistiliqaError("no such job", remedy="choose one of the list")
    return folder.resolve()


class _Pipe(io.RawIOBase):
    """Takes what a zip writes, and gives it away in between."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, block: object) -> int:
        self._parts.append(bytes(block))  # type: ignore[call-overload]
        return len(self._parts[-1])

    def take(self) -> bytes:
        taken, self._parts = b"".join(self._parts), []
        return taken


def _zipped(folder: Path, name: str) -> Iterator[bytes]:
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            with (
                path.open("rb") as file,
                archive.open(f"{name}/{path.relative_to(folder).as_posix()}", "w") as member,
            ):
                while block := file.read(_BLOCK):
                    member.write(block)
                    yield pipe.take()
    yield pipe.take()


ROUTES = [
    Route("/api/exports/series.csv", series_csv, methods=["POST"]),
    Route("/api/jobs/{job}/files/{name:path}", job_file),
    Route("/api/jobs/{job}/files.zip", job_zip),
]
