"""Failures of a DICOMweb server, each as one line that names the server, without secrets."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from urllib.parse import urlsplit, urlunsplit
from xml.etree.ElementTree import ParseError

import requests
from pydicom.errors import InvalidDicomError

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb.bounds import TooLargeError, TooSlowError
from distiliqa.pacs.retry import (
    FINAL_HTTP_STATUSES,
    PassingError,
    RefusedError,
    SlowError,
    UnreachableError,
)

_REMEDIES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "give user and password, or a token, in the environment or a file",
    HTTPStatus.FORBIDDEN: "ask for an account that may do this",
    HTTPStatus.NOT_FOUND: "check the URL and the UIDs",
    HTTPStatus.CONFLICT: "the log of the server says why it does not store this",
    HTTPStatus.TOO_MANY_REQUESTS: "it is busy, try again later",
    HTTPStatus.SERVICE_UNAVAILABLE: "it is busy or starting, try again later",
}
_RUNS = "check that the server runs, then try again"


@contextmanager
def plain_errors(url: str) -> Iterator[None]:
    """Turn any failure of a server into one line that names ``url``, without secrets.

    Raises
    ------
    UnreachableError
        A connection that fails or times out.
    PassingError
        A connection that breaks; status 429 or 5xx.
    SlowError
        An answer takes too long.
    DistiliqaError
        Any other failure.
    """
    try:
        yield
    except requests.HTTPError as error:
        raise _status_error(error.response, url) from None
    except requests.exceptions.SSLError as error:
        raise DistiliqaError(
            f"no trusted connection ({_innermost(error)})",
            path=url,
            remedy="give its certificate authority by --ca-file, and the name in its certificate",
        ) from None
    except TooSlowError as error:
        raise SlowError(
            f"its answer takes longer than {error}", path=url, remedy="ask its administrator why"
        ) from None
    except TooLargeError as error:
        raise DistiliqaError(
            f"its answer is larger than {error}", path=url, remedy="ask its administrator why"
        ) from None
    except requests.Timeout:
        raise UnreachableError("no answer in time", path=url, remedy=_RUNS) from None
    except requests.exceptions.ChunkedEncodingError:
        raise PassingError("sent half an answer", path=url, remedy=_RUNS) from None
    except requests.ConnectionError as error:
        problem = f"no connection ({_innermost(error)})"
        raise UnreachableError(problem, path=url, remedy=_RUNS) from None
    except requests.TooManyRedirects as error:
        place = "" if error.response is None else error.response.headers.get("Location", "")
        remedy = f"give the URL that it redirects to: {without_secrets(place)}"
        raise DistiliqaError("redirects to another address", path=url, remedy=remedy) from None
    # The client library and pydicom raise these on answers that break the standard.
    except (
        requests.RequestException,
        InvalidDicomError,
        ParseError,
        RecursionError,
        ValueError,
        LookupError,
        TypeError,
        AttributeError,
    ):
        raise DistiliqaError(
            "its answer is not DICOMweb", path=url, remedy="check the URL of the DICOMweb service"
        ) from None


def _status_error(response: requests.Response | None, url: str) -> DistiliqaError:
    assert response is not None  # raise_for_status gives it
    status = response.status_code
    try:
        problem = f"answers {status} ({HTTPStatus(status).phrase})"
    except ValueError:  # a status of no standard
        problem = f"answers {status}"
    if status != HTTPStatus.TOO_MANY_REQUESTS and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = RefusedError if status in FINAL_HTTP_STATUSES else DistiliqaError
        return kind(problem, path=url, remedy=_REMEDIES.get(status, "check the URL"))
    asked = response.headers.get("Retry-After", "")
    wait_s = float(asked) if asked.isdecimal() else None
    remedy = _REMEDIES.get(status, "the log of the server says why")
    return PassingError(problem, path=url, remedy=remedy, wait_s=wait_s)


def _innermost(error: BaseException) -> str:
    """The message of the system below the layers of HTTP, such as "Connection refused"."""
    seen: BaseException = error
    while True:
        inner = seen.__cause__ or seen.__context__ or getattr(seen, "reason", None)
        if not isinstance(inner, BaseException):
            break
        seen = inner
    messages = (getattr(seen, name, None) for name in ("verify_message", "strerror", "reason"))
    return next((str(message) for message in messages if message), type(seen).__name__)


def without_secrets(url: str) -> str:
    """``url`` without user, password, query and fragment; empty if it cannot be parsed."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # any part of it may be secret
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
