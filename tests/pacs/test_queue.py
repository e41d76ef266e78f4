from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.queue import Queue
from distiliqa.report.names import short_hash

SERIES, OTHER = "1.2.3", "1.2.4"
NAME = short_hash(SERIES)


class Sender:
    """A connection that someone sends over."""


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue_of(tmp_path: Path, clock: Clock) -> Callable[..., Queue]:
    def make(taken: tuple[str, ...] = ()) -> Queue:
        return Queue(tmp_path, lambda name: name in taken, clock)

    return make


def held(series: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in series.iterdir()}


def test_a_series_is_complete_once_it_is_quiet(queue_of: Callable[..., Queue], clock: Clock):
    queue, scanner = queue_of(), Sender()
    queue.put(SERIES, "1", b"a", scanner)
    queue.put(SERIES, "2", b"b", scanner)
    clock.now += 1000
    assert queue.take_complete(30) == []  # the scanner has not hung up
    queue.release(scanner)
    clock.now += 29
    assert queue.take_complete(30) == []
    clock.now += 1
    (series,) = queue.take_complete(30)
    assert series.name == NAME
    assert held(series) == {"1.dcm": b"a", "2.dcm": b"b"}


def test_who_hangs_up_before_the_last_object_is_kept_holds_nothing_open(
    queue_of: Callable[..., Queue],
):
    queue, scanner = queue_of(), Sender()
    queue.release(scanner)
    queue.put(SERIES, "1", b"a", scanner)
    assert [each.name for each in queue.take_complete(0)] == [NAME]


def test_what_comes_meanwhile_prolongs_its_own_series_alone(
    queue_of: Callable[..., Queue], clock: Clock
):
    queue, one, two = queue_of(), Sender(), Sender()
    queue.put(SERIES, "1", b"a", one)
    queue.put(OTHER, "2", b"b", one)
    queue.release(one)
    clock.now += 20
    queue.put(SERIES, "3", b"c", two)
    queue.release(two)
    clock.now += 15
    assert [each.name for each in queue.take_complete(30)] == [short_hash(OTHER)]


def test_an_object_sent_again_replaces_the_first(queue_of: Callable[..., Queue]):
    queue, scanner = queue_of(), Sender()
    for content in (b"a", b"b"):
        queue.put(SERIES, "1", content, scanner)
    queue.release(scanner)
    assert held(*queue.take_complete(0)) == {"1.dcm": b"b"}


def test_what_an_earlier_listener_left_is_taken_up(
    queue_of: Callable[..., Queue], clock: Clock, tmp_path: Path
):
    queue_of().put(SERIES, "1", b"a", Sender())
    (tmp_path / "arriving" / SERIES / ".x.2.dcm.part").write_bytes(b"half")
    (tmp_path / "arriving" / OTHER).mkdir()
    (tmp_path / "arriving" / OTHER / ".x.1.dcm.part").write_bytes(b"half")
    (tmp_path / "complete" / "earlier").mkdir()
    queue = queue_of()
    assert [each.name for each in queue.take_complete(30)] == ["earlier"]
    clock.now += 30
    found = {each.name: held(each) for each in queue.take_complete(30)}
    assert found == {NAME: {"1.dcm": b"a"}, "earlier": {}}


def test_what_comes_late_overwrites_nothing(queue_of: Callable[..., Queue]):
    queue = queue_of(taken=(NAME,))
    for n in range(2):
        sender = Sender()
        queue.put(SERIES, str(n), b"a", sender)
        queue.release(sender)
        names = [each.name for each in queue.take_complete(0)]
    assert names == [f"{NAME}-2", f"{NAME}-3"]


@pytest.mark.parametrize(("series", "instance"), [("../1", "1"), ("1", "../../1"), ("", "1")])
def test_no_name_from_the_network_leaves_the_queue(
    queue_of: Callable[..., Queue], tmp_path: Path, series: str, instance: str
):
    with pytest.raises(DistiliqaError, match="is not a valid UID"):
        queue_of().put(series, instance, b"a", Sender())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_full_disk_is_an_error_and_leaves_nothing_half(
    queue_of: Callable[..., Queue], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    queue = queue_of()
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DistiliqaError, match="No space left"):
        queue.put(SERIES, "1", b"a", Sender())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
