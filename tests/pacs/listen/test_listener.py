from __future__ import annotations

import logging
from pathlib import Path

import pytest
from tests.support.disks import full_disk, no_space

from distiliqa.errors import DistiliqaError
from distiliqa.pacs import retry
from distiliqa.pacs.listen import listener
from distiliqa.pacs.listen.listener import score_forever
from distiliqa.pacs.listen.queue import Queue


class Scorer:
    """Notes what it is to score; ``errors`` are raised for series of that name, once."""

    def __init__(self) -> None:
        self.scored: list[str] = []
        self.errors: dict[str, BaseException] = {}

    def remove_old_images(self) -> None:
        pass

    def ask_for_doses(self, queue: Queue) -> None:
        pass

    def score(self, series: Path) -> None:
        if error := self.errors.pop(series.name, None):
            raise error
        self.scored.append(series.name)
        series.rmdir()


@pytest.fixture
def queue(tmp_path: Path) -> Queue:
    queue = Queue(tmp_path, lambda name: False)
    for name in ("a", "b"):
        (queue.complete / name).mkdir()
    return queue


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ends the loop at its fifth look, after 10 s each."""
    now = [0.0]

    def sleep(_: float) -> None:
        now[0] += 10
        if now[0] == 50:
            raise KeyboardInterrupt

    monkeypatch.setattr(listener, "sleep", sleep)
    for module in (listener, retry):  # a server of another test reads the clock of `time`
        monkeypatch.setattr(module, "monotonic", lambda: now[0])


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (DistiliqaError("full", path="out", remedy="free some space"), "out: full; free some"),
        (no_space(), "No space left on device"),
        (ValueError("Doe^Jane is no date"), "ValueError"),
    ],
)
def test_one_that_fails_is_tried_again_and_holds_up_no_other(
    queue: Queue, looks: None, caplog: pytest.LogCaptureFixture, error: Exception, problem: str
):
    scorer = Scorer()
    scorer.errors["a"] = error
    with pytest.raises(KeyboardInterrupt):
        score_forever(queue, scorer, 30)  # type: ignore[arg-type]
    assert scorer.scored == ["b", "a"]
    (line,) = caplog.messages
    assert line.startswith(f"a: again in 10 s: {problem}")
    assert "Doe" not in line


def test_an_interrupt_ends_it_at_once(queue: Queue, looks: None):
    scorer = Scorer()
    scorer.errors["a"] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        score_forever(queue, scorer, 30)  # type: ignore[arg-type]
    assert scorer.scored == []


def test_a_queue_that_fails_is_logged_once_and_read_again(
    queue: Queue, looks: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(queue, "take_complete", full_disk)
    with caplog.at_level(logging.INFO), pytest.raises(KeyboardInterrupt):
        score_forever(queue, Scorer(), 30)  # type: ignore[arg-type]
    assert caplog.messages == ["the queue: No space left on device"]
