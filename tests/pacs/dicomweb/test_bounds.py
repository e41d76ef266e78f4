"""Answers without end, in bytes, in time, in depth, however they are packed."""

from __future__ import annotations

import gzip
import os
import socket
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest
from tests.support.peak_memory import PEAK_KIB

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.dicomweb import bounds, search
from distiliqa.pacs.dicomweb.bounds import Bounds
from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.dicomweb.search import pixel_bytes
from distiliqa.pacs.retry import Retries, SlowError

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/dicom+json\r\n"
MIB = b" " * (1 << 20)
ENDLESS = 1 << 30  # the most that a server of these tests would send


class Endless:
    """A server that sends a head and then a block again and again, until its client goes.

    ``sent`` counts bytes of blocks; at ``most`` it stops.
    """

    def __init__(
        self, head: bytes, block: bytes, *, drip: bool = False, most: int = ENDLESS
    ) -> None:
        self.head, self.block, self.drip, self.most = head, block, drip, most
        self.sent = self.questions = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/dicom-web"
        self._thread = Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        with socket.create_connection(self._listener.getsockname()):
            self._listener.close()
        self._thread.join(60)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                try:
                    self._answer(connection)
                except OSError:  # the client has gone
                    continue

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        if not connection.recv(1 << 16):
            return
        self.questions += 1
        connection.sendall(self.head)
        while self.block and self.sent < self.most:
            connection.sendall(self.block)
            self.sent += len(self.block)
            if self.drip:
                connection.settimeout(0.05)
                try:
                    if not connection.recv(1):
                        return
                except TimeoutError:
                    continue


@pytest.fixture
def endless() -> Iterator[Callable[..., Endless]]:
    started: list[Endless] = []

    def start(head: bytes, block: bytes, **options: int) -> Endless:
        started.append(Endless(head, block, **options))
        return started[-1]

    yield start
    for server in started:
        server.close()


def server_at(state: Endless) -> Server:
    return Server(state.url, Credentials(), retries=Retries(1))


def chunk(content: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(content), content)


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (OK + b"\r\n", MIB),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", chunk(MIB)),
        (OK + b"Content-Length: 99999999999\r\n\r\n", MIB),
        (b"HTTP/1.1 404 No\r\n\r\n", MIB),
        (b"HTTP/1.1 302 No\r\nLocation: http://127.0.0.1:1/\r\n\r\n", MIB),
    ],
)
def test_an_answer_without_end_is_refused(
    endless: Callable[..., Endless], head: bytes, block: bytes
):
    state = endless(head, block)
    with pytest.raises(DistiliqaError) as caught:
        server_at(state).find_series("1.2.3")
    assert "its answer is larger than" in str(caught.value)
    assert state.sent < 2 * bounds.MAX_ANSWER_BYTES
    assert state.questions == 1


BOMB = PEAK_KIB + textwrap.dedent("""
    import sys
    from distiliqa.errors import DistiliqaError
    from distiliqa.pacs.dicomweb.credentials import Credentials
    from distiliqa.pacs.dicomweb.client import Server
    from distiliqa.pacs.retry import Retries
    server = Server(sys.argv[1], Credentials(), retries=Retries(1))
    before = peak_kib()
    try:
        server.find_series("1.2.3")
    except DistiliqaError as error:
        print(error, file=sys.stderr)
    print(peak_kib() - before)
""")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("times", [1, 2])
def test_a_small_answer_that_inflates_does_not_fill_the_memory(
    endless: Callable[..., Endless], times: int
):
    content = gzip.compress(MIB * 512)
    for _ in range(times - 1):
        content = gzip.compress(content)
    encoding = ", ".join(["gzip"] * times).encode()
    head = OK + b"Content-Encoding: " + encoding + b"\r\nContent-Length: %d\r\n\r\n" % len(content)
    state = endless(head, content)
    done = subprocess.run(
        [sys.executable, "-c", BOMB, state.url],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert "its answer is larger than" in done.stderr
    assert int(done.stdout) < 200 << 10  # KiB


@pytest.mark.parametrize(
    ("head", "block"),
    [
        (OK + b"\r\n[", b" "),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n", chunk(b" ")),
        (OK + b"X: ", b"x"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n" + chunk(b"[]") + b"0\r\n", b"X: x\r\n"),
    ],
)
def test_an_answer_that_drips_for_ever_is_ended(
    endless: Callable[..., Endless], head: bytes, block: bytes
):
    """Each byte comes in time, the whole never does: in content, headers, hints and trailers."""
    state = endless(head, block, drip=True)
    server = Server(state.url, Credentials(), max_s=0.5, retries=Retries(2))
    with pytest.raises(
        SlowError, match=r"its answer takes longer than 0.5 s; ask its administrator"
    ):
        server.find_series("1.2.3")
    assert state.questions == 1  # to ask again would take as long


@pytest.mark.parametrize("content", ["[" * 100_000, '{"a":' * 100_000, "[" + "9" * 5000 + "]"])
def test_an_answer_that_is_too_deep_or_too_long_a_number_is_refused(
    endless: Callable[..., Endless], content: str
):
    head = OK + b"Content-Length: %d\r\n\r\n" % len(content)
    with pytest.raises(DistiliqaError, match="its answer is not DICOMweb"):
        server_at(endless(head + content.encode(), b"")).find_series("1.2.3")


def test_an_object_may_be_as_large_as_the_search_says_and_a_little_more():
    slack = bounds.SLACK_BYTES
    assert Bounds.of_object(1 << 20, 120.0) == Bounds((1 << 20) + slack, 120.0)
    assert Bounds.of_object(1 << 60, 120.0).max_bytes == bounds.MAX_OBJECT_BYTES
    assert Bounds.of_object(None, 120.0).max_bytes == bounds.MAX_UNSTATED_BYTES
    assert pixel_bytes({"00280010": {"Value": [512]}, "00280011": {"Value": ["512"]}}) == 1 << 20
    for value in (None, "x", -1, True, [1], {}, "9" * 5000, 0):
        assert pixel_bytes({"00280010": {"Value": [value]}, "00280011": {"Value": [512]}}) is None


def test_an_object_without_end_is_refused_and_leaves_nothing(
    endless: Callable[..., Endless], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(bounds, "SLACK_BYTES", 1 << 20)
    kind = b'multipart/related; type="application/dicom"; boundary=b1'
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + kind + b"\r\n\r\n"
    state = endless(head, MIB)
    row = {"00280010": {"Value": [512]}, "00280011": {"Value": [512]}, "00280100": {"Value": [16]}}
    with pytest.raises(DistiliqaError, match="its answer is larger than 1 MiB"):
        server_at(state).retrieve("1.2", "1.3", "1.4", row, tmp_path / "1.4.dcm")
    assert state.sent < 16 << 20
    assert list(tmp_path.iterdir()) == []


def test_a_server_that_lists_for_ever_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(search, "MAX_PAGES", 5)

    def page(offset: int) -> tuple[list[search.Row], str]:
        return [{search.SOP_UID: {"Value": [f"1.2.{offset}"]}}], ""

    with pytest.raises(DistiliqaError, match="https://pacs: lists more than 100000 results"):
        search.search(page, search.SOP_UID, None, path="https://pacs")


def test_what_comes_gives_time_for_the_rest(
    endless: Callable[..., Endless], monkeypatch: pytest.MonkeyPatch
):
    """No time at all would do for an answer of which nothing comes."""
    monkeypatch.setattr(bounds, "MIN_BYTES_PER_S", 1)
    content = b"[]" + b" " * 200
    head = OK + b"Content-Length: %d\r\n\r\n" % len(content)
    state = endless(head + content[:100], content[100:], most=1)
    server = Server(state.url, Credentials(), max_s=5, retries=Retries(1))
    with pytest.raises(DistiliqaError, match="no CT series"):
        server.find_series("1.2.3")
    assert server._adapter._allowed_s == 5 + len(content)
