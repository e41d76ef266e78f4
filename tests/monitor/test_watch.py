from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from tests.support.clock import Clock

from distiliqa.ct.volumes.detached import stamp_of
from distiliqa.errors import DistiliqaError
from distiliqa.monitor.watch import Watch, name_of


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def watch(tmp_path: Path, clock: Clock) -> Watch:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    return Watch(tmp_path / "in", settle=10, leave_out=tmp_path / "in" / "own", clock=clock)


def test_a_file_is_ready_when_it_has_not_changed_for_a_while(watch: Watch, clock: Clock):
    path = watch.folder / "deep" / "a.dcm"
    path.write_bytes(b"half")
    assert watch.look({})[:2] == ({}, 1)
    clock.now += 9
    path.write_bytes(b"nearly all")
    assert watch.look({})[:2] == ({}, 1)
    clock.now += 9
    assert watch.look({})[:2] == ({}, 1)
    clock.now += 1
    assert watch.look({})[:2] == ({path: stamp_of(path)}, 0)


def test_what_is_done_is_ready_again_only_when_it_changes(watch: Watch, clock: Clock):
    path = watch.folder / "a.dcm"
    path.write_bytes(b"whole")
    stamp = stamp_of(path)
    assert stamp is not None
    done = {name_of(path): stamp}
    clock.now += 60
    assert watch.look(done)[:2] == ({}, 0)
    os.utime(path, ns=(0, stamp.modified_ns + 1))
    assert watch.look(done)[:2] == ({}, 1)
    clock.now += 10
    assert list(watch.look(done).ready) == [path]


def test_the_oldest_come_first_and_hidden_and_own_files_never(watch: Watch):
    watch.settle = 0
    for age, name in ((3, "b"), (1, "a"), (2, "c"), (0, ".partial"), (0, "own/trend.html")):
        path = watch.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(name)
        os.utime(path, (1000 - age, 1000 - age))
    assert [path.name for path in watch.look({}).ready] == ["b", "c", "a"]


def test_a_file_that_goes_away_is_forgotten(watch: Watch, clock: Clock):
    path = watch.folder / "a.dcm"
    path.write_bytes(b"1")
    watch.look({})
    path.unlink()
    assert watch.look({})[:2] == ({}, 0)
    clock.now += 60
    path.write_bytes(b"1")
    assert watch.look({}).waiting == 1
    assert stamp_of(path.with_name("gone")) is None


def test_a_folder_that_is_not_there_is_reported(tmp_path: Path):
    with pytest.raises(DistiliqaError, match="gone: no such folder; check or mount it"):
        Watch(tmp_path / "gone", settle=0).look({})


@pytest.mark.skipif(os.name == "nt", reason="asks the system by another way")
def test_a_network_share_that_is_stale_is_reported(watch: Watch, monkeypatch: pytest.MonkeyPatch):
    def stale(path: object, **options: object) -> os.stat_result:
        raise OSError(errno.ESTALE, "Stale file handle", str(path))

    with monkeypatch.context() as broken:
        broken.setattr(os, "stat", stale)
        with pytest.raises(DistiliqaError, match="in: no such folder; check or mount it"):
            watch.look({})
    assert watch.look({})[:2] == ({}, 0)


@pytest.mark.skipif(os.name == "nt", reason="such a name is not allowed")
def test_names_that_are_not_utf_8_have_one(tmp_path: Path):
    assert name_of(Path(os.fsdecode(b"a\xe4.dcm"))) == "a\\udce4.dcm"
