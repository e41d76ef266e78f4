"""The server itself: its address, its browser, and one server for a folder."""

from __future__ import annotations

import errno
import os
import secrets
import socket
import webbrowser
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, closing, suppress
from pathlib import Path
from threading import Timer
from typing import NamedTuple

import uvicorn
from platformdirs import user_data_path
from starlette.applications import Starlette

from distiliqa.errors import DistiliqaError
from distiliqa.files import write_text
from distiliqa.folder_lock import only_one
from distiliqa.serve.access import LOOPBACK

PORT = 8414
_ADDRESS, _TOKEN = "address.txt", "token.txt"
_PRIVATE = 0o600  # both hold the token, and the folder may be open to others
_TRIED = 20  # ports after the usual one
EVERYWHERE = ("0.0.0.0", "::")  # all addresses of this machine


class Address(NamedTuple):
    """Where the page is.

    Attributes
    ----------
    hosts : frozenset[str]
        Names and addresses that requests may use, see `distiliqa.serve.access.Guard`.
    token : str or None
        What a browser must bring; None at the loopback address.
    """

    host: str
    port: int
    hosts: frozenset[str]
    token: str | None

    @property
    def url(self) -> str:
        """What to open in a browser."""
        shown = socket.gethostname() if self.host in EVERYWHERE else self.host
        name = f"[{shown}]" if ":" in shown else shown
        asked = "" if self.token is None else f"?token={self.token}"
        return f"http://{name}:{self.port}/{asked}"


def serve_folder(
    folder: Path,
    opened: Callable[[frozenset[str], str | None], AbstractContextManager[Starlette]],
    *,
    host: str | None,
    port: int | None,
    open_browser: bool,
    say: Callable[[str], None],
) -> None:
    """Serve the page until Ctrl-C; where a server runs for the folder already, open its page.

    Parameters
    ----------
    folder : Path
        The folder of the application.
    opened : Callable
        Opens the application for hosts and a token, see `distiliqa.serve.access.Guard`, once no
        other server uses the folder; it is closed at the end.
    host : str or None
        Address to listen at; a browser must then bring a token. None for the loopback address.
    port : int or None
        None for the usual port, or the next one that is free.
    say : Callable[[str], None]
        Takes the address in one line.

    Raises
    ------
    DistiliqaError
        The port is taken, the address is not of this machine, or the folder cannot be written.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(only_one(folder, "server"))
        except DistiliqaError:
            if (url := _running_at(folder)) is None:
                raise
            say(f"a server runs for {folder} already, its page is at {url}")
            say("for other paths or options end it first, or give another --out")
            if open_browser:
                webbrowser.open(url)
            return
        found = stack.enter_context(closing(_bound(host or "127.0.0.1", port)))
        address = _address(found, host, folder)
        write_text(folder / _ADDRESS, address.url, _PRIVATE)
        stack.callback((folder / _ADDRESS).unlink, missing_ok=True)
        app = stack.enter_context(opened(address.hosts, address.token))
        say(f"the page is at {address.url} until Ctrl-C")
        if open_browser:
            Timer(0.5, webbrowser.open, (address.url,)).start()
        _run(app, found)


def _run(app: Starlette, found: socket.socket) -> None:
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        ws="none",
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[found])


def own_folder() -> Path:
    """The usual folder of jobs, results and uploads of the user."""
    return user_data_path("distiliqa", appauthor=False) / "serve"


def _running_at(folder: Path) -> str | None:
    """The address of the server that uses a folder; None if it is not known."""
    try:
        return (folder / _ADDRESS).read_text(encoding="utf-8")
    except OSError:
        return None


def _bound(host: str, port: int | None) -> socket.socket:
    ports = range(PORT, PORT + _TRIED) if port is None else [port]
    for number in ports:
        try:
            return _listening(host, number)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise DistiliqaError(
                    f"cannot listen at {host}:{number} ({error.strerror})",
                    remedy="give another --host or --port",
                ) from error
    raise DistiliqaError(f"port {ports[0]} is taken", remedy="give another --port")


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        # On Windows this option would let two programs share a port.
        if os.name == "posix":
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind((host, port))
        found.listen(128)
    except OSError:
        found.close()
        raise
    return found


def _address(found: socket.socket, host: str | None, folder: Path) -> Address:
    port = found.getsockname()[1]
    if host is None:
        return Address("127.0.0.1", port, LOOPBACK, None)
    name = socket.gethostname() if host in EVERYWHERE else host
    hosts = frozenset({name.lower(), *LOOPBACK})
    return Address(host, port, hosts, _token(folder / _TOKEN))


def _token(path: Path) -> str:
    """The token of a folder, so that a page that is open stays so after a new start."""
    try:
        if found := path.read_text(encoding="ascii").strip():
            return found
    except (OSError, ValueError):
        pass
    token = secrets.token_urlsafe(24)
    write_text(path, token, _PRIVATE)
    return token
