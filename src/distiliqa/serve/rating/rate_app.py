"""The application of the readers: the next question, its pixels, and the answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from distiliqa.errors import DistiliqaError
from distiliqa.serve.access import Guard
from distiliqa.serve.app import STATIC
from distiliqa.serve.json_answers import body_of, refused
from distiliqa.serve.rating.rating_study import Study
from distiliqa.serve.series_routes import pixels_answer
from distiliqa.version import __version__


@contextmanager
def opened_rate_app(study: Study, hosts: frozenset[str], token: str | None) -> Iterator[Starlette]:
    """The application of a study; at its end the ratings are written once more."""
    try:
        yield make_rate_app(study, hosts, token)
    finally:
        study.write()


def make_rate_app(study: Study, hosts: frozenset[str], token: str | None) -> Starlette:
    """The application of a study; ``hosts`` and ``token`` as in `distiliqa.serve.access.Guard`."""
    app = Starlette(
        routes=[
            Route("/", page),
            Route("/api/study", about),
            Route("/api/question", question),
            Route("/api/answers", answer, methods=["POST"]),
            Route("/api/answers/back", take_back, methods=["POST"]),
            Route("/api/series/study/slices/{number:int}/pixels", pixels),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, hosts=hosts, token=token)],
        exception_handlers={DistiliqaError: refused},
    )
    app.state.study, app.state.identify = study, False
    return app


def page(request: Request) -> Response:
    """The page of the readers."""
    return FileResponse(STATIC / "rate.html")


def about(request: Request) -> Response:
    """What the page says of the study; no name, no path, no score."""
    design = _study(request).design
    window = {"width": design.window.width, "level": design.window.level}
    return JSONResponse({"version": __version__, "method": design.method, "window": window})


def question(request: Request) -> Response:
    """The next question of ``?reader=``."""
    return _shown(_study(request), request.query_params.get("reader", ""))


async def answer(request: Request) -> Response:
    """Keep an answer, and ask the next question."""
    return await run_in_threadpool(_answer, _study(request), await body_of(request))


def _answer(study: Study, found: dict[str, Any]) -> Response:
    name, given = found.get("reader"), found.get("answer")
    if not isinstance(name, str) or type(given) is not int:
        raise DistiliqaError("an answer needs a reader, images and an answer")
    study.answer(name, _images(found), given)
    return _kept(study, name)


async def take_back(request: Request) -> Response:
    """Ask the latest question again."""
    return await run_in_threadpool(_take_back, _study(request), await body_of(request))


def _take_back(study: Study, found: dict[str, Any]) -> Response:
    name = str(found.get("reader", ""))
    study.take_back(name, _images(found))
    return _kept(study, name)


def _images(found: dict[str, Any]) -> list[int]:
    """The images that the page showed, as indices from 0."""
    numbers = found.get("images")
    if not isinstance(numbers, list) or any(type(number) is not int for number in numbers):
        raise DistiliqaError("an answer needs the images that were shown")
    return [number - 1 for number in numbers]


def _kept(study: Study, name: str) -> Response:
    """Write the ratings, and ask the next question.

    The answer is on the disk: ratings that cannot be written are a problem, and no refusal.
    """
    try:
        study.write()
    except DistiliqaError as error:
        problem = f"all answers are kept, but their ratings cannot be written: {error.reason}"
        return _shown(study, name, problem)
    return _shown(study, name)


def pixels(request: Request) -> Response:
    """The HU of an image; numbers count from 1."""
    return pixels_answer(_study(request).read(request.path_params["number"] - 1))


def _shown(study: Study, name: str, problem: str = "") -> Response:
    found = study.question(name)
    images = [image + 1 for image in found.images]
    asked = {"number": found.number, "whole": found.whole, "images": images}
    return JSONResponse(asked | {"problem": problem})


def _study(request: Request) -> Study:
    found: Study = request.app.state.study
    return found
