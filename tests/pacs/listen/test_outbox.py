from __future__ import annotations

import logging
from pathlib import Path
from threading import Event, Thread

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.pacs import retry
from distiliqa.pacs.listen import outbox as outbox_module
from distiliqa.pacs.listen.outbox import MAX_FAILURES_ALONE, Outbox
from distiliqa.pacs.retry import PassingError, RefusedError, Retries

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


class Archive:
    """A receiver that has errors for objects by their names, and one for all while it is away."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.tried: list[str] = []
        self.errors: dict[str, Exception] = {}
        self.away: Exception | None = None

    def __call__(self, path: Path) -> None:
        self.tried.append(path.stem)
        if error := self.away or self.errors.get(path.stem):
            raise error
        self.got.append(path.stem)


@pytest.fixture
def archive() -> Archive:
    return Archive()


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = [1000.0]
    for module in (outbox_module, retry):  # a server of another test reads the clock of `time`
        monkeypatch.setattr(module, "monotonic", lambda: clock[0])
    return clock


def filled(folder: Path, archive: Archive, report: Path, names: str) -> Outbox:
    outbox = Outbox(folder, archive)
    for name in names:
        outbox.put(report, f"{name}.dcm")
    return outbox


def test_they_are_sent_in_order_of_arrival(tmp_path: Path, archive: Archive, report: Path):
    filled(tmp_path / "out", archive, report, "cab")
    outbox = filled(tmp_path / "out", archive, report, "zd")  # the next listener
    outbox.send_due()
    assert archive.got == list("cabzd")


@pytest.mark.parametrize(
    "away",
    [
        PassingError("no connection"),
        PassingError("sent half an answer"),
        DistiliqaError("answers 401 (Unauthorized)"),
        DistiliqaError("its answer is not DICOMweb"),
        ValueError("odd"),
    ],
)
def test_a_server_that_is_back_gets_all_in_order_without_a_question_for_each(
    tmp_path: Path, archive: Archive, report: Path, now: list[float], away: Exception
):
    outbox = filled(tmp_path / "out", archive, report, "fedcba")
    outbox.send_due()
    archive.away, archive.tried = away, []
    for name in "ihg":
        outbox.put(report, f"{name}.dcm")
    for _ in range(20):
        outbox.send_due()
        now[0] += 60
    assert len(archive.tried) <= 3 + 2 * 20
    archive.away, archive.got = None, []
    outbox.send_due()
    assert archive.got == list("ihg")


def test_one_that_fails_does_not_hold_up_the_others(
    tmp_path: Path, archive: Archive, report: Path, now: list[float]
):
    archive.errors["a"] = PassingError("no answer in time")
    outbox = filled(tmp_path / "out", archive, report, "abc")
    outbox.send_due()
    assert archive.got == ["b", "c"]
    for name in "def":
        now[0] += 1000
        outbox.put(report, f"{name}.dcm")
        archive.tried = []
        outbox.send_due()
        assert archive.tried == [name, "a"]  # the bad one comes last
    del archive.errors["a"]
    now[0] += 1000
    outbox.send_due()
    assert archive.got[-1] == "a"


def test_a_new_one_does_not_wait_for_one_that_failed(
    tmp_path: Path, archive: Archive, report: Path, now: list[float]
):
    archive.errors["a"] = DistiliqaError("odd")
    outbox = filled(tmp_path / "out", archive, report, "a")
    for _ in range(10):
        outbox.send_due()
        now[0] += 60
    outbox.send_due()
    outbox.put(report, "b.dcm")
    outbox.send_due()
    assert archive.got == ["b"]


def test_what_is_refused_for_good_is_set_aside_with_its_reason(
    tmp_path: Path, archive: Archive, report: Path, caplog: pytest.LogCaptureFixture
):
    archive.errors["a"] = RefusedError("does not store it", path="PACS", remedy="see its log")
    outbox = filled(tmp_path / "out", archive, report, "ab")
    outbox.send_due()
    assert archive.got == ["b"]
    assert (outbox.refused / "a.dcm").read_bytes() == b"report"
    assert (outbox.refused / "a.txt").read_text() == "does not store it; see its log\n"
    archive.tried = []
    outbox.send_due()
    Outbox(outbox.folder, archive).send_due()
    assert archive.tried == []
    assert len(caplog.messages) == 1
    (outbox.refused / "a.dcm").rename(outbox.folder / "a.dcm")  # its user wants it again
    archive.errors.clear()
    outbox.send_due()
    assert archive.got == ["b", "a"]


@pytest.mark.parametrize(
    ("error", "is_set_aside"), [(DistiliqaError("odd"), True), (PassingError("busy"), False)]
)
def test_one_that_always_fails_while_others_do_not_is_set_aside(
    tmp_path: Path,
    archive: Archive,
    report: Path,
    now: list[float],
    error: Exception,
    is_set_aside: bool,
):
    archive.errors["a"] = error
    outbox = filled(tmp_path / "out", archive, report, "ab")
    for _ in range(3 * MAX_FAILURES_ALONE):
        outbox.send_due()
        now[0] += 1000
    assert (outbox.refused / "a.dcm").exists() == is_set_aside
    assert (archive.tried.count("a") == MAX_FAILURES_ALONE + 1) == is_set_aside


def test_strangers_in_it_are_let_be(tmp_path: Path, archive: Archive, report: Path):
    outbox = filled(tmp_path / "out", archive, report, "a")
    for name in (".DS_Store", "._a.dcm", "notes.txt"):
        (outbox.folder / name).write_bytes(b"desktop")
    (outbox.folder / "folder.dcm").mkdir()
    outbox.send_due()
    assert archive.tried == ["a"]
    assert len(list(outbox.folder.iterdir())) == 4


def test_its_thread_sends_until_it_is_stopped(tmp_path: Path, report: Path):
    tries, sent = iter([PassingError("away"), None]), Event()

    def send(path: Path) -> None:
        if error := next(tries):
            raise error
        sent.set()

    outbox, stop = Outbox(tmp_path / "out", send, AT_ONCE), Event()
    outbox.put(report, "a.dcm")
    thread = Thread(target=outbox.run, args=(stop,))
    thread.start()
    assert sent.wait(60)
    stop.set()
    thread.join(60)
    assert not thread.is_alive()
    assert list(outbox.folder.iterdir()) == []


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
        outbox._server.due = 0
        outbox.send_due()
    assert caplog.messages == ["a: not sent, again in 2 s: ValueError"]
