"""Who may use the page: this machine or holders of the token, and no other web site.

A page of another site can make a browser send requests to the loopback address, and a name server
can make its name one of that address. So the header ``Host`` must name this server, and requests
that a page of another site has caused are refused (Fetch Metadata, https://www.w3.org/TR/fetch-metadata;
RFC 6454 for ``Origin``).
"""

from __future__ import annotations

import secrets
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",  # images of patients stay out of the browser's cache on disk
}
_SAFE = ("GET", "HEAD")
MAX_PATH = 4096  # characters of an address, without what is asked for behind ``?``


class Refusal(NamedTuple):
    """A request that is refused: status of HTTP, and one line for the reader."""

    status: int
    line: str


class Guard:
    """Middleware that checks each request, and adds the headers of security to each answer.

    Parameters
    ----------
    app : ASGIApp
        The application behind it.
    hosts : frozenset[str]
        Names by which this server may be called, in lower case. Any address in numbers is one too:
        nobody can make it the name of another site.
    token : str or None
        What a browser must bring once, as ``?token=``; None for none.
    """

    def __init__(self, app: ASGIApp, hosts: frozenset[str], token: str | None) -> None:
        self._app, self._hosts, self._token = app, hosts, token

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        refusal = self._refusal(scope["method"], scope["path"], headers)
        answer: ASGIApp = self._app
        if refusal is not None:
            answer = PlainTextResponse(refusal.line, refusal.status)
        elif self._token is not None and not _holds(headers, self._token, _cookie(scope)):
            answer = self._ask(scope, self._token)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                found = MutableHeaders(raw=message.setdefault("headers", []))
                for name, value in _HEADERS.items():
                    found.setdefault(name, value)
            await send(message)

        await answer(scope, receive, send_guarded)

    def _refusal(self, method: str, path: str, headers: Headers) -> Refusal | None:
        if len(path) > MAX_PATH:  # a number in it may have more digits than Python converts
            return Refusal(414, f"an address of more than {MAX_PATH:,} characters")
        host = headers.get("host", "")
        if not self._is_own(host):
            return Refusal(421, "this server goes by another name; open the address it printed")
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc != host:
            return Refusal(403, "asked for by another site")
        site = headers.get("sec-fetch-site", "none")
        is_link = method in _SAFE and path == "/" and headers.get("sec-fetch-mode") == "navigate"
        if site not in ("none", "same-origin") and not is_link:
            return Refusal(403, "asked for by another site")
        return None

    def _is_own(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        try:
            ip_address(name)
        except ValueError:
            return name in self._hosts
        return True

    @staticmethod
    def _ask(scope: Scope, token: str) -> Response:
        """Trade the token of the address for a cookie; 401 without it."""
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])[0]
        if scope["path"] != "/" or not _same(given, token):
            return PlainTextResponse("open the address with the token that the server printed", 401)
        answer = RedirectResponse("/", 303)
        answer.set_cookie(_cookie(scope), token, httponly=True, samesite="lax", path="/")
        return answer


def _cookie(scope: Scope) -> str:
    """The name of the cookie. A browser gives it to all ports of a machine, so it has the port."""
    _, port = scope.get("server") or ("", 0)
    return f"distiliqa-{port}"


def _holds(headers: Headers, token: str, cookie: str) -> bool:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie)
    except CookieError:
        return False
    return found is not None and _same(found.value, token)


def _same(given: str, token: str) -> bool:
    return secrets.compare_digest(given.encode(), token.encode())
