from __future__ import annotations

import logging
import time
from pathlib import Path
from threading import Event, Thread

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.outbox import Outbox
from distiliqa.pacs.retry import PassingError, Retries

AT_ONCE = Retries(first_wait_s=0)


class Receiver:
    """Has what was sent to it, unless it is to fail."""

    def __init__(self) -> None:
        self.got: list[bytes] = []
        self.error: Exception | None = None

    def __call__(self, path: Path) -> None:
        if self.error is not None:
            raise self.error
        self.got.append(path.read_bytes())


@pytest.fixture
def receiver() -> Receiver:
    return Receiver()


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "sr.dcm"
    path.write_bytes(b"report")
    return path


def test_what_was_sent_leaves_it(tmp_path: Path, receiver: Receiver, report: Path):
    outbox = Outbox(tmp_path / "out", receiver)
    outbox.put(report, "a.dcm")
    outbox.send_due()
    outbox.send_due()
    assert receiver.got == [b"report"]
    assert list(outbox.folder.iterdir()) == []


@pytest.mark.parametrize("error", [PassingError("away"), DistiliqaError("no"), ValueError("odd")])
def test_what_was_not_stays_for_the_next_listener(
    tmp_path: Path, receiver: Receiver, report: Path, error: Exception
):
    receiver.error = error
    first = Outbox(tmp_path / "out", receiver)
    first.put(report, "a.dcm")
    first.send_due()
    receiver.error = None
    first.send_due()  # it waits before it tries again
    assert receiver.got == []
    Outbox(tmp_path / "out", receiver).send_due()
    assert receiver.got == [b"report"]


def test_one_that_is_refused_does_not_hold_up_the_others(tmp_path: Path, report: Path):
    sent: list[str] = []

    def send(path: Path) -> None:
        if path.name == "a.dcm":
            raise DistiliqaError("refused")
        sent.append(path.name)

    outbox = Outbox(tmp_path / "out", send, AT_ONCE)
    for name in ("a.dcm", "b.dcm"):
        outbox.put(report, name)
    outbox.send_due()
    assert sent == ["b.dcm"]
    assert [path.name for path in outbox.folder.iterdir()] == ["a.dcm"]


def test_its_thread_sends_until_it_is_stopped(tmp_path: Path, receiver: Receiver, report: Path):
    receiver.error = PassingError("away")
    outbox, stop = Outbox(tmp_path / "out", receiver, AT_ONCE), Event()
    outbox.put(report, "a.dcm")
    thread = Thread(target=outbox.run, args=(stop,))
    thread.start()
    time.sleep(0.6)
    receiver.error = None
    end = time.monotonic() + 10
    while not receiver.got and time.monotonic() < end:
        time.sleep(0.05)
    stop.set()
    thread.join(10)
    assert receiver.got == [b"report"]


def test_its_thread_outlives_a_folder_that_cannot_be_read(
    tmp_path: Path,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
):
    def unreadable() -> None:
        raise OSError(5, "Input/output error")

    outbox, looks = Outbox(tmp_path / "out", receiver), iter([False, False, True])
    monkeypatch.setattr(outbox, "send_due", unreadable)
    stop = Event()
    monkeypatch.setattr(stop, "wait", lambda _: next(looks))
    outbox.run(stop)
    assert caplog.messages == ["the outbox: Input/output error"] * 2


def test_the_log_has_no_words_of_a_header(
    tmp_path: Path, receiver: Receiver, report: Path, caplog: pytest.LogCaptureFixture
):
    receiver.error = ValueError("Doe^Jane is no date")
    outbox = Outbox(tmp_path / "out", receiver)
    outbox.put(report, "a.dcm")
    with caplog.at_level(logging.INFO):
        outbox.send_due()
    assert caplog.messages == ["a: not sent, again in 2 s: ValueError"]
