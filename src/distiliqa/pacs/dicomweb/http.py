"""An HTTP session with a DICOMweb server: our identity, the trust in its identity, and limits."""

from __future__ import annotations

import logging
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase, HTTPBasicAuth

from distiliqa.errors import DistiliqaError
from distiliqa.files import check_regular
from distiliqa.foreign_json import parse_json
from distiliqa.pacs.dicomweb.bounds import BoundedAdapter
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.dicomweb.failures import without_secrets

# Errors are reported by our results: the log of the client is for those who ask for it.
logging.getLogger("dicomweb_client").addHandler(logging.NullHandler())

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
    DistiliqaError
        Another scheme than http and https, no host, or a password in the URL, which the text does
        not repeat.
    """
    try:
        parts = urlsplit(url)
        is_ours = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is no number
        is_ours = False
    shown = without_secrets(url)
    if not is_ours:
        raise DistiliqaError(
            "not the URL of a DICOMweb server", path=shown or None, remedy="https://HOST/PATH"
        )
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise DistiliqaError(
            "a URL here has no user, password or query",
            path=shown,
            remedy="give secrets in the environment or by --credentials",
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
    """Open a session that identifies us and verifies the server.

    Parameters
    ----------
    adapter : BoundedAdapter
        Connections of the session.
    ca_file : Path or None
        PEM file of the authorities to trust, in place of the usual ones.

    Raises
    ------
    DistiliqaError
        A certificate or key that TLS cannot use.
    """
    _check_tls_files(credentials, ca_file)
    session = requests.Session()
    # No proxy, ~/.netrc or CA of the environment decides where images go.
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
        # As bytes: requests would encode text in Latin-1, and RFC 7617 allows UTF-8.
        session.auth = HTTPBasicAuth(credentials.user.encode(), credentials.password.encode())
    if ca_file is not None:
        session.verify = str(ca_file)
    if credentials.certificate is not None:
        key = credentials.key or credentials.certificate
        session.cert = (str(credentials.certificate), str(key))
    return session


def _check_tls_files(credentials: Credentials, ca_file: Path | None) -> None:
    """Load the files of TLS now, as a later error would not name them."""
    context = ssl.create_default_context()
    file = ca_file
    try:
        if ca_file is not None:
            check_regular(ca_file)
            context.load_verify_locations(ca_file)
        if (file := credentials.certificate) is not None:
            check_regular(file)
            # Without a password, OpenSSL would ask on the terminal, which a service lacks.
            context.load_cert_chain(file, credentials.key, password="")
    except OSError as error:  # which an SSLError is
        raise DistiliqaError(
            f"cannot be used for TLS ({error.strerror or error})",
            path=file,
            remedy="give a PEM file, and a key without a passphrase",
        ) from error


def _simplify_kind(response: requests.Response, **_: Any) -> None:
    """Reduce the media type to the bare form that dicomweb-client expects of STOW-RS answers."""
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in (*_JSON, *_XML):
        response.headers["Content-Type"] = _XML[0] if kind in _XML else kind


def _limit_json(response: requests.Response, **_: Any) -> None:
    """Let the client library read JSON within limits: deep nesting would be a traceback."""

    def parsed(**_: Any) -> Any:
        try:
            return parse_json(response.content, path=None)
        except DistiliqaError as error:
            raise ValueError(error.problem) from error

    response.json = parsed  # type: ignore[method-assign]
