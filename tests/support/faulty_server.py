"""An HTTP server that fails in every way that one can."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


@dataclass
class Answer:
    """What a faulty server does with one request."""

    status: int = 200
    body: bytes = b""
    kind: str = "application/dicom+json"
    headers: dict[str, str] = field(default_factory=dict)
    silent_s: float = 0.0


# Answers to QIDO-RS: one series, and no more.
FOUND = Answer(body=b'[{"0020000E": {"vr": "UI", "Value": ["1.2"]}}]')
EMPTY = Answer(body=b"[]")


@dataclass
class Faulty:
    """An HTTP server that gives one answer after the other, the last for ever."""

    url: str = ""
    answers: Sequence[Answer] = ()
    seen: list[dict[str, str]] = field(default_factory=list)

    def next_answer(self, headers: dict[str, str]) -> Answer:
        self.seen.append(headers)
        return self.answers[min(len(self.seen), len(self.answers)) - 1]


@contextmanager
def serving(tls: ssl.SSLContext | None = None) -> Iterator[Faulty]:
    with FaultyServer(tls) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server.state
        server.shutdown()
        thread.join()


class FaultyServer(ThreadingHTTPServer):
    """Serves what ``state`` says, on a free port of loopback."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        scheme = "http" if tls is None else "https"
        self.state = Faulty(f"{scheme}://127.0.0.1:{self.server_address[1]}/dicom-web")
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True)

    def handle_error(self, *_: object) -> None:
        """A client that does not trust us is no error of ours."""


class _Handler(BaseHTTPRequestHandler):
    server: FaultyServer

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.server.state.next_answer(dict(self.headers))
        time.sleep(answer.silent_s)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.kind)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body)

    do_GET = do_POST = _answer

    def log_message(self, *_: object) -> None:
        pass
