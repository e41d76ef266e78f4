"""Limits of an answer: bytes after decompression, and total time.

The time-out of a socket starts again with every byte, and a compressed answer grows when it is
unpacked. So both are counted here, for headers, content, errors and redirections.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from threading import Event, Lock, Thread
from time import monotonic
from typing import Any
from weakref import WeakSet

import requests
from requests.adapters import HTTPAdapter

MAX_ANSWER_BYTES = 32 << 20  # a search: 1000 objects have 1 to 2 MB
MAX_RECEIPT_BYTES = 1 << 20  # the answer to STOW-RS, and that of any error
MAX_OBJECT_BYTES = 4 << 30
MAX_UNSTATED_BYTES = 1 << 30  # of an object of unknown size
SLACK_BYTES = 64 << 20  # of an object, beyond its pixels
MAX_ANSWER_S = 90.0
MIN_BYTES_PER_S = 128 << 10  # traffic at this rate extends the time
_BLOCK_BYTES = 1 << 16


class TooLargeError(requests.RequestException):
    """An answer is too large. The text is the limit."""


class TooSlowError(requests.RequestException):
    """An answer takes too long. The text is the limit."""


@dataclass(frozen=True)
class Bounds:
    """Limits of one answer.

    Attributes
    ----------
    max_bytes : int
        Maximum size of its content, after decompression.
    max_s : float
        Seconds from the request to the last byte, and one more for every `MIN_BYTES_PER_S`.
    """

    max_bytes: int = MAX_ANSWER_BYTES
    max_s: float = MAX_ANSWER_S

    @classmethod
    def of_object(cls, stated: int | None, max_s: float) -> Bounds:
        """Limits of an object whose pixels have ``stated`` bytes; None if unknown."""
        if stated is None:
            return cls(MAX_UNSTATED_BYTES, max_s)
        return cls(min(stated + SLACK_BYTES, MAX_OBJECT_BYTES), max_s)

    @classmethod
    def of_upload(cls, size: int, max_s: float) -> Bounds:
        """Limits of the answer to an upload of ``size`` bytes."""
        return cls(MAX_RECEIPT_BYTES, max_s + size / MIN_BYTES_PER_S)


class BoundedAdapter(HTTPAdapter):
    """The connections of one `requests.Session`, with every answer within `Bounds`.

    Only one thread may use it at a time.
    """

    def __init__(self) -> None:
        self._bounds = Bounds()
        self._connections: WeakSet[Any] = WeakSet()
        self._response: Any = None
        self._received = 0
        self._lock = Lock()
        super().__init__()

    @contextmanager
    def within(self, bounds: Bounds) -> Iterator[None]:
        """Keep the answer to a request in this context within ``bounds``.

        Raises
        ------
        TooSlowError
            It takes too long.
        TooLargeError
            It is too large; raised where its content is read.
        """
        self._bounds, self._response, self._received = bounds, None, 0
        done, late = Event(), Event()
        watch = Thread(target=self._cut_when_late, args=(done, late), daemon=True)
        watch.start()
        try:
            yield
        except Exception as error:
            # The reader's error is a consequence of the cut connection.
            if late.is_set():
                raise TooSlowError(f"{self._allowed_s:.3g} s") from error
            raise
        finally:
            done.set()
            watch.join()
        if late.is_set():  # an answer without a length ends where its connection ends
            raise TooSlowError(f"{self._allowed_s:.3g} s")

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool of connections to a host, which are noted so that they can be cut."""
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        if not isinstance(pool.ConnectionCls, partial):
            pool.ConnectionCls = partial(self._connection, pool.ConnectionCls)  # type: ignore[assignment]
        return pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """A response whose content is counted while it is read."""
        response = super().build_response(req, resp)
        with self._lock:
            self._response = resp
        limit = self._bounds.max_bytes
        if not response.ok or response.is_redirect:
            limit = min(limit, MAX_RECEIPT_BYTES)
        response.raw = _Counted(resp, limit, self._count)
        return response

    @property
    def _allowed_s(self) -> float:
        return self._bounds.max_s + self._received / MIN_BYTES_PER_S

    def _count(self, size: int) -> None:
        self._received += size

    def _connection(self, kind: Any, **kwargs: Any) -> Any:
        connection = kind(**kwargs)
        with self._lock:
            self._connections.add(connection)
        return connection

    def _cut_when_late(self, done: Event, late: Event) -> None:
        start = monotonic()
        while (left := start + self._allowed_s - monotonic()) > 0:
            if done.wait(left):
                return
        late.set()
        self._cut()
        while not done.wait(1.0):  # a connection may have been made just now
            self._cut()

    def _cut(self) -> None:
        with self._lock:
            sockets = [open_.sock for open_ in self._connections if open_.sock is not None]
            response = self._response
        for sock in sockets:
            with suppress(OSError):
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
        # The last answer of a connection owns the socket.
        if response is not None:
            with suppress(OSError, ValueError, RuntimeError):
                response.shutdown()


class _Counted:
    """The content of an answer, up to a limit."""

    def __init__(self, raw: Any, limit: int, count: Callable[[int], None]) -> None:
        self._raw = raw
        self._limit = limit
        self._count = count

    def stream(
        self, amt: int = _BLOCK_BYTES, decode_content: bool | None = None
    ) -> Iterator[bytes]:
        """The blocks of the content; `TooLargeError` once they are more than allowed."""
        # A few bytes that are compressed twice can fill the memory in one step.
        if "," in self._raw.headers.get("Content-Encoding", ""):
            raise TooLargeError("one compression")
        size = 0
        for block in self._raw.stream(amt, decode_content=decode_content):
            size += len(block)
            self._count(len(block))
            if size > self._limit:
                self._raw.close()
                raise TooLargeError(_readable(self._limit))
            yield block

    def read(self, amt: int = _BLOCK_BYTES, decode_content: bool | None = None) -> bytes:
        """All of the content."""
        return b"".join(self.stream(amt, decode_content))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def _readable(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size} bytes"
