from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.clock import Clock
from tests.support.disks import full_disk

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.listen.queue import MAX_OPEN_S, Queue
from distiliqa.report.names import short_hash

SERIES, OTHER = "1.2.3", "1.2.4"
NAME = short_hash(SERIES)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def queue_of(tmp_path: Path, clock: Clock) -> Callable[..., Queue]:
    def make(taken: tuple[str, ...] = ()) -> Queue:
        return Queue(tmp_path, lambda name: name in taken, clock=clock)

    return make


def put(queue: Queue, series: str, instance: str, content: bytes) -> None:
    received = queue.receiving / "received"
    received.write_bytes(content)
    queue.put(series, instance, received)


def held(series: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in series.iterdir()}


def test_a_series_is_complete_once_it_is_quiet(queue_of: Callable[..., Queue], clock: Clock):
    queue = queue_of()
    put(queue, SERIES, "1", b"a")
    clock.now += 29
    put(queue, SERIES, "2", b"b")
    clock.now += 29
    assert queue.take_complete(30) == []
    clock.now += 1
    (series,) = queue.take_complete(30)
    assert series.name == NAME
    assert held(series) == {"1.dcm": b"a", "2.dcm": b"b"}


def test_what_comes_meanwhile_prolongs_its_own_series_alone(
    queue_of: Callable[..., Queue], clock: Clock
):
    queue = queue_of()
    put(queue, SERIES, "1", b"a")
    put(queue, OTHER, "2", b"b")
    clock.now += 20
    put(queue, SERIES, "3", b"c")
    clock.now += 15
    assert [series.name for series in queue.take_complete(30)] == [short_hash(OTHER)]


def test_one_object_over_and_over_prolongs_nothing(queue_of: Callable[..., Queue], clock: Clock):
    queue = queue_of()
    for _ in range(3):
        put(queue, SERIES, "1", b"a")
        clock.now += 15
    assert [series.name for series in queue.take_complete(30)] == [NAME]


def test_objects_without_end_do_not_keep_a_series_from_being_scored(
    queue_of: Callable[..., Queue], clock: Clock
):
    queue, found, sent = queue_of(), [], 0
    while not found:
        assert clock.now <= 100 + MAX_OPEN_S
        put(queue, SERIES, str(sent), b"a")
        clock.now, sent = clock.now + 20, sent + 1
        found = queue.take_complete(30)
    assert len(held(found[0])) == sent


def test_strangers_in_its_folders_are_let_be(queue_of: Callable[..., Queue], tmp_path: Path):
    queue_of()
    for folder in (tmp_path, tmp_path / "arriving", tmp_path / "complete"):
        (folder / ".DS_Store").write_bytes(b"desktop")
        (folder / ".Trashes").mkdir()
    (tmp_path / "arriving" / "notes").mkdir()
    queue = queue_of()
    put(queue, SERIES, "1", b"a")
    assert [path.name for path in queue.take_complete(0)] == [NAME]
    assert (tmp_path / "arriving" / "notes").exists()


def test_an_object_sent_again_replaces_the_first(queue_of: Callable[..., Queue]):
    queue = queue_of()
    for content in (b"a", b"b"):
        put(queue, SERIES, "1", content)
    assert held(*queue.take_complete(0)) == {"1.dcm": b"b"}


def test_what_an_earlier_listener_left_is_taken_up(
    queue_of: Callable[..., Queue], clock: Clock, tmp_path: Path
):
    put(queue_of(), SERIES, "1", b"a")
    (tmp_path / "arriving" / SERIES / ".x.2.dcm.part").write_bytes(b"half")
    (tmp_path / "arriving" / OTHER).mkdir()
    (tmp_path / "arriving" / OTHER / ".x.1.dcm.part").write_bytes(b"half")
    (tmp_path / "complete" / "earlier").mkdir()
    queue = queue_of()
    assert [series.name for series in queue.take_complete(30)] == ["earlier"]
    clock.now += 30
    found = {series.name: held(series) for series in queue.take_complete(30)}
    assert found == {NAME: {"1.dcm": b"a"}, "earlier": {}}


def test_what_comes_late_overwrites_nothing(queue_of: Callable[..., Queue]):
    queue = queue_of(taken=(NAME,))
    put(queue, SERIES, "1", b"a")
    assert [series.name for series in queue.take_complete(0)] == [f"{NAME}-2"]


def test_what_comes_late_waits_for_what_is_still_to_be_scored(queue_of: Callable[..., Queue]):
    queue = queue_of()
    put(queue, SERIES, "1", b"a")
    (first,) = queue.take_complete(0)
    put(queue, SERIES, "2", b"b")
    assert queue.take_complete(0) == [first]
    shutil.rmtree(first)
    (second,) = queue.take_complete(0)
    assert held(second) == {"2.dcm": b"b"}


def test_what_comes_late_is_complete_with_what_came_before(tmp_path: Path, clock: Clock):
    scored, failed = tmp_path / "scored", tmp_path / "failed"
    for folder, image in ((scored / NAME, "1"), (failed / f"{NAME}-2", "2"), (scored / "0", "3")):
        folder.mkdir(parents=True)
        (folder / f"{image}.dcm").write_bytes(b"early")
    (scored / NAME / "4.dcm").write_bytes(b"early")
    queue = Queue(tmp_path / "queue", lambda name: False, (scored, failed), clock)
    put(queue, SERIES, "4", b"late")
    (series,) = queue.take_complete(0)
    assert held(series) == {"1.dcm": b"early", "2.dcm": b"early", "4.dcm": b"late"}
    assert [path.name for path in scored.iterdir()] == ["0"]
    assert list(failed.iterdir()) == []


def test_a_series_with_the_same_short_hash_keeps_its_images(
    tmp_path: Path, clock: Clock, write_series: Callable[..., Path]
):
    scored, failed = tmp_path / "scored", tmp_path / "failed"
    write_series(scored / f"{NAME}-2", 1, SeriesInstanceUID=SERIES)
    for folder in (scored / NAME, failed / f"{NAME}-3"):
        write_series(folder, 1, SeriesInstanceUID=OTHER)
    (failed / f"{NAME}-3" / "!.dcm").write_bytes(b"damaged")
    taken = [path.name for folder in (scored, failed) for path in folder.iterdir()]
    queue = Queue(tmp_path / "queue", lambda name: name in taken, (scored, failed), clock)
    put(queue, SERIES, "4", b"late")
    (series,) = queue.take_complete(0)
    assert series.name == f"{NAME}-4"
    assert sorted(held(series)) == ["0.dcm", "4.dcm"]
    assert [path.name for path in (*scored.iterdir(), *failed.iterdir())] == [NAME, f"{NAME}-3"]


@pytest.mark.parametrize(("series", "instance"), [("../1", "1"), ("1", "../../1"), ("", "1")])
def test_no_name_from_the_network_leaves_the_queue(
    queue_of: Callable[..., Queue], tmp_path: Path, series: str, instance: str
):
    with pytest.raises(DistiliqaError, match="is not a valid UID"):
        put(queue_of(), series, instance, b"a")
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [Path("receiving", "received")]


def test_a_full_disk_is_an_error_and_leaves_nothing_half(
    queue_of: Callable[..., Queue], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    queue = queue_of()
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(DistiliqaError, match="No space left"):
        put(queue, SERIES, "1", b"a")
    files = [path.relative_to(tmp_path) for path in tmp_path.rglob("*") if path.is_file()]
    assert files == [Path("receiving", "received")]


def test_a_new_series_is_on_the_disk_with_its_folder(
    queue_of: Callable[..., Queue], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    queue, synced = queue_of(), []
    monkeypatch.setattr("distiliqa.pacs.listen.queue.sync_folder", synced.append)
    put(queue, SERIES, "1", b"a")
    assert synced == [queue.arriving / SERIES, queue.arriving]
