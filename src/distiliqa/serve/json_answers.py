"""Answers of the server in JSON, and bodies of requests, which are bounded."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from distiliqa.errors import DistiliqaError
from distiliqa.foreign_json import parse_json

MAX_BODY_BYTES = 4 << 20


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object that a request holds.

    Raises
    ------
    DistiliqaError
        It is too large, no JSON, or no object.
    """
    content = bytearray()
    async for block in request.stream():
        content += block
        if len(content) > MAX_BODY_BYTES:
            raise DistiliqaError(f"a request of more than {MAX_BODY_BYTES >> 20} MiB")
    found = parse_json(bytes(content) or b"{}", "request")
    if not isinstance(found, dict):
        raise DistiliqaError("a request that is no JSON object")
    return found


def texts(found: dict[str, Any], name: str) -> list[str]:
    """A list of texts of a request. Raises `DistiliqaError` where it is something else."""
    value = found.get(name, [])
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise DistiliqaError(f"{name} is no list of texts")
    return value


def refused(request: Request, error: Exception) -> Response:
    """An error as one line, for the page.

    The path of a file, which may name a patient, is part of it only if the server identifies.
    """
    assert isinstance(error, DistiliqaError)
    return JSONResponse({"error": str(error) if request.app.state.identify else error.reason}, 400)
