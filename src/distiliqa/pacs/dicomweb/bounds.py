"""How much, and for how long, a server may answer: bytes after decompression, and time in all.

A time-out of a socket starts again with each byte, and a compressed answer is larger than what
comes over the wire. So both are counted here, for every answer: its headers, its content, the
content of an error or of a redirection.
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

MAX_ANSWER_BYTES = 32 << 20  # a search: 1000 objects take 1 to 2 MB
MAX_RECEIPT_BYTES = 1 << 20  # the answer to STOW-RS, and that of any error
MAX_OBJECT_BYTES = 4 << 30
MAX_UNSTATED_BYTES = 1 << 30  # of an object whose size the search does not state
SLACK_BYTES = 64 << 20  # of an object, beyond its pixels
MAX_ANSWER_S = 90.0
MIN_BYTES_PER_S = 128 << 10  # what comes, and what is sent, gives so much more time
_BLOCK_BYTES = 1 << 16


class TooLargeError(requests.RequestException):
    """An answer has more bytes than it may have. The text says how many it may have."""


class TooSlowError(requests.RequestException):
    """An answer takes longer than it may take. The text says how long it may take."""


@dataclass(frozen=True)
class Bounds:
    """What one answer may cost.

    Attributes
    ----------
    max_bytes : of its content, after decompression.
    max_s : seconds from the question to the last byte, and one more for each `MIN_BYTES_PER_S`.
    """

    max_bytes: int = MAX_ANSWER_BYTES
    max_s: float = MAX_ANSWER_S

    @classmethod
    def of_object(cls, stated: int | None, max_s: float) -> Bounds:
        """Those of an object whose pixels have ``stated`` bytes; None if that is not known."""
        if stated is None:
            return cls(MAX_UNSTATED_BYTES, max_s)
        return cls(min(stated + SLACK_BYTES, MAX_OBJECT_BYTES), max_s)

    @classmethod
    def of_upload(cls, size: int, max_s: float) -> Bounds:
        """Those of the answer to an object of ``size`` bytes that is sent."""
        return cls(MAX_RECEIPT_BYTES, max_s + size / MIN_BYTES_PER_S)


class BoundedAdapter(HTTPAdapter):
    """The connections of one `requests.Session`, with each answer within `Bounds`.

    One thread at a time may ask.
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
        """Keep the answer to what is asked in this context within ``bounds``.

        Raises
        ------
        TooSlowError : it takes longer.
        TooLargeError : it is larger; that is raised where its content is read.
        """
        self._bounds, self._response, self._received = bounds, None, 0
        done, late = Event(), Event()
        watch = Thread(target=self._cut_when_late, args=(done, late), daemon=True)
        watch.start()
        try:
            yield
        except Exception as error:
            # Whatever the reader says of a connection that was cut, this is why.
            if late.is_set():
                raise TooSlowError(f"{self._allowed_s:.3g} s") from error
            raise
        finally:
            done.set()
            watch.join()
        if late.is_set():  # an answer without a length ends where its connection ends
            raise TooSlowError(f"{self._allowed_s:.3g} s")

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> Any:
        """The pool of connections to a host, whose connections are remembered to be cut."""
        pool = super().get_connection_with_tls_context(*args, **kwargs)
        if not isinstance(pool.ConnectionCls, partial):
            pool.ConnectionCls = partial(self._connection, pool.ConnectionCls)  # type: ignore[assignment]
        return pool

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """A response whose content is counted as it is read."""
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
            sockets = [each.sock for each in self._connections if each.sock is not None]
            response = self._response
        for each in sockets:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)
        # The last answer of a connection has the socket for itself.
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
        # A few bytes that are compressed twice may fill the memory in one step.
        if "," in self._raw.headers.get("Content-Encoding", ""):
            raise TooLargeError("one compression")
        size = 0
        for block in self._raw.stream(amt, decode_content=decode_content):
            size += len(block)
            self._count(len(block))
            if size > self._limit:
                self._raw.close()
                raise TooLargeError(_told(self._limit))
            yield block

    def read(self, amt: int = _BLOCK_BYTES, decode_content: bool | None = None) -> bytes:
        """All of the content."""
        return b"".join(self.stream(amt, decode_content))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._raw, name)


def _told(size: int) -> str:
    return f"{size >> 20} MiB" if size >= 1 << 20 else f"{size} bytes"
