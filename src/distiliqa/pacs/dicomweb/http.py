"""HTTP to a DICOMweb server: who we are, whom we trust, and what each failure means."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from xml.etree.ElementTree import ParseError

import requests
from pydicom.errors import InvalidDicomError
from requests.auth import AuthBase, HTTPBasicAuth

from distiliqa.errors import DistiliqaError
from distiliqa.files import check_regular
from distiliqa.foreign_text import parse_json
from distiliqa.pacs.dicomweb.bounds import BoundedAdapter, TooLargeError, TooSlowError
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.retry import (
    FINAL_HTTP_STATUSES,
    PassingError,
    RefusedError,
    SlowError,
    UnreachableError,
)

# What the client logs of a server, a result says in its own words: it reaches only who asks for it.
logging.getLogger("dicomweb_client").addHandler(logging.NullHandler())

_REMEDIES: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "give user and password, or a token, in the environment or a file",
    HTTPStatus.FORBIDDEN: "ask for an account that may do this",
    HTTPStatus.NOT_FOUND: "check the URL and the UIDs",
    HTTPStatus.CONFLICT: "the log of the server says why it does not store this",
    HTTPStatus.TOO_MANY_REQUESTS: "it is busy, try again later",
    HTTPStatus.SERVICE_UNAVAILABLE: "it is busy or starting, try again later",
}
_RUNS = "check that the server runs, then try again"
_JSON = ("application/dicom+json", "application/json")
_XML = ("application/dicom+xml", "application/xml", "text/xml")


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def checked_url(url: str) -> str:
    """The base URL of a DICOMweb server, without a slash at its end.

    Raises
    ------
    DistiliqaError : another scheme than http and https, no host, or a password in the URL, which
        the text does not repeat.
    """
    try:
        parts = urlsplit(url)
        is_ours = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        is_ours = False
    shown = _without_secrets(url)
    if not is_ours:
        raise DistiliqaError(
            "not the URL of a DICOMweb server", path=shown or None, remedy="https://HOST/PATH"
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise DistiliqaError(
            "a URL here has no user, password or query",
            path=shown,
            remedy="give what is secret in the environment or by --credentials",
        )
    return url.rstrip("/")


def is_loopback(host: str) -> bool:
    """Whether ``host`` is this machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def open_session(
    credentials: Credentials, adapter: BoundedAdapter, ca_file: Path | None = None
) -> requests.Session:
    """A session that knows who we are and verifies the server.

    Parameters
    ----------
    adapter : makes its connections.
    ca_file : PEM file of the authorities to trust, in place of the usual ones.

    Raises
    ------
    DistiliqaError : a certificate or key that TLS cannot use.
    """
    _check_tls_files(credentials, ca_file)
    session = requests.Session()
    # Neither a proxy nor ~/.netrc nor a CA of the environment has a say in where images go.
    session.trust_env = False
    session.max_redirects = 0
    session.headers["Accept"] = _JSON[0]
    session.headers["Accept-Encoding"] = "identity"
    session.hooks["response"] += [_simplify_kind, _limit_json]
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    if credentials.token is not None:
        session.auth = _Bearer(credentials.token)
    elif credentials.user is not None and credentials.password is not None:
        # As bytes, for requests would write text in Latin-1: RFC 7617 knows UTF-8.
        session.auth = HTTPBasicAuth(credentials.user.encode(), credentials.password.encode())
    if ca_file is not None:
        session.verify = str(ca_file)
    if credentials.certificate is not None:
        key = credentials.key or credentials.certificate
        session.cert = (str(credentials.certificate), str(key))
    return session


@contextmanager
def told_plainly(url: str) -> Iterator[None]:
    """Turn what may go wrong with a server into one line that names ``url``, without secrets.

    Raises
    ------
    UnreachableError : a connection that fails or times out.
    PassingError : a connection that breaks; status 429 or 5xx.
    SlowError : an answer takes longer than it may.
    DistiliqaError : everything else that a server may do.
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
        remedy = f"give the URL that it sends us to: {_without_secrets(place)}"
        raise DistiliqaError("sends us elsewhere", path=url, remedy=remedy) from None
    # What the client library and pydicom raise where an answer is not what the standard says.
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


def _check_tls_files(credentials: Credentials, ca_file: Path | None) -> None:
    """Load what TLS will load: later, an error would not name the file."""
    context = ssl.create_default_context()
    file = ca_file
    try:
        if ca_file is not None:
            check_regular(ca_file)
            context.load_verify_locations(ca_file)
        if (file := credentials.certificate) is not None:
            check_regular(file)
            # An empty password: else OpenSSL would ask on the terminal, and a service has none.
            context.load_cert_chain(file, credentials.key, password="")
    except OSError as error:  # which an SSLError is
        raise DistiliqaError(
            f"cannot be used for TLS ({error.strerror or error})",
            path=file,
            remedy="give a PEM file, and a key without a passphrase",
        ) from error


def _simplify_kind(response: requests.Response, **_: Any) -> None:
    """dicomweb-client reads a STOW-RS answer only where its media type is one it expects, bare."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in (*_JSON, *_XML):
        response.headers["Content-Type"] = _XML[0] if kind in _XML else kind


def _limit_json(response: requests.Response, **_: Any) -> None:
    """Let the client library read JSON within limits: deep nesting is a traceback otherwise."""

    def parsed(**_: Any) -> Any:
        try:
            return parse_json(response.content, path=None)
        except DistiliqaError as error:
            raise ValueError(error.problem) from error

    response.json = parsed  # type: ignore[method-assign]


def _status_error(response: requests.Response | None, url: str) -> DistiliqaError:
    assert response is not None  # raise_for_status gives it
    status = response.status_code
    try:
        problem = f"answers {status} ({HTTPStatus(status).phrase})"
    except ValueError:  # a status that no standard knows
        problem = f"answers {status}"
    if status != HTTPStatus.TOO_MANY_REQUESTS and status < HTTPStatus.INTERNAL_SERVER_ERROR:
        kind = RefusedError if status in FINAL_HTTP_STATUSES else DistiliqaError
        return kind(problem, path=url, remedy=_REMEDIES.get(status, "check the URL"))
    asked = response.headers.get("Retry-After", "")
    wait_s = float(asked) if asked.isdecimal() else None
    remedy = _REMEDIES.get(status, "the log of the server says why")
    return PassingError(problem, path=url, remedy=remedy, wait_s=wait_s)


def _innermost(error: BaseException) -> str:
    """The words of the system below the layers of HTTP, such as "Connection refused"."""
    seen: BaseException = error
    while True:
        inner = seen.__cause__ or seen.__context__ or getattr(seen, "reason", None)
        if not isinstance(inner, BaseException):
            break
        seen = inner
    words = (getattr(seen, name, None) for name in ("verify_message", "strerror", "reason"))
    return next((str(each) for each in words if each), type(seen).__name__)


def _without_secrets(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""  # nobody knows which part is secret
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
