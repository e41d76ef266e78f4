"""Jobs for the page: upload, queue, watch, cancel, delete."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from distiliqa.errors import DistiliqaError
from distiliqa.report import REPORT
from distiliqa.serve.json_answers import body_of, texts
from distiliqa.serve.workspace import Workspace


def list_jobs(request: Request) -> Response:
    """All jobs, the latest first."""
    queue = _workspace(request).queue
    jobs = queue.jobs()
    # On a full disk scores may be there without their report.
    reports = [(queue.results / job.id / REPORT).is_file() for job in jobs]
    shown = zip(jobs, reports, strict=True)
    return JSONResponse([job.public() | {"has_report": report} for job, report in shown])


async def add_job(request: Request) -> Response:
    """Queue a path of what was given, or an upload."""
    workspace, found = _workspace(request), await body_of(request)
    if "upload" in found:
        job = await run_in_threadpool(workspace.add_upload, str(found["upload"]))
    elif isinstance(found.get("path"), str):
        path = workspace.served.confined(found["path"])
        job = await run_in_threadpool(workspace.add, path)
    else:
        raise DistiliqaError("a job needs a path or an upload")
    return JSONResponse(job.public(), 201)


def cancel_job(request: Request) -> Response:
    """End a job; the scores until then are kept."""
    _workspace(request).queue.cancel(request.path_params["job"])
    return Response(status_code=204)


def remove_job(request: Request) -> Response:
    """Delete an ended job with its results and its upload."""
    _workspace(request).remove(request.path_params["job"])
    return Response(status_code=204)


def begin_upload(request: Request) -> Response:
    """The id of a new upload."""
    return JSONResponse({"upload": _workspace(request).uploads.begin()}, 201)


def stop_upload(request: Request) -> Response:
    """Delete what was sent of an upload that no job needs."""
    _workspace(request).stop_upload(request.path_params["upload"])
    return Response(status_code=204)


async def receive_file(request: Request) -> Response:
    """Keep one file of an upload; its path inside the upload is ``?path=``."""
    uploads, name = _workspace(request).uploads, request.query_params.get("path", "")
    try:
        await uploads.receive(request.path_params["upload"], name, request.stream())
    except ClientDisconnect:  # the browser was closed: nobody reads an answer
        return Response(status_code=400)
    return Response(status_code=204)


async def export(request: Request) -> Response:
    """Queue a run over the series that were selected, with PDF and structured reports."""
    found = await body_of(request)
    keys = texts(found, "series")
    wanted = {name: found.get(name) is True for name in ("pdf", "sr")}
    job = await run_in_threadpool(_workspace(request).add_export, keys, **wanted)
    return JSONResponse(job.public(), 201)


def _workspace(request: Request) -> Workspace:
    found: Workspace = request.app.state.workspace
    return found


ROUTES = [
    Route("/api/jobs", list_jobs),
    Route("/api/jobs", add_job, methods=["POST"]),
    Route("/api/jobs/{job}/cancel", cancel_job, methods=["POST"]),
    Route("/api/jobs/{job}", remove_job, methods=["DELETE"]),
    Route("/api/exports", export, methods=["POST"]),
    Route("/api/uploads", begin_upload, methods=["POST"]),
    Route("/api/uploads/{upload}", receive_file, methods=["PUT"]),
    Route("/api/uploads/{upload}", stop_upload, methods=["DELETE"]),
]
