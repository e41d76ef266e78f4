"""What a killed process was writing goes with a later one; what a live one writes stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from distiliqa import scratch
from distiliqa.files import write_text

WRITER = """
import sys
import time
from pathlib import Path
from distiliqa.files import atomic_path
from distiliqa.scratch import scratch_folder
folder = Path(sys.argv[1])
with atomic_path(folder / "scores.csv") as partial, scratch_folder(folder) as inner:
    partial.write_text("half")
    (inner / "image").write_text("half")
    print("writing", flush=True)
    while True:  # one long read could begin after a signal, and never see it
        time.sleep(0.05)
"""


@pytest.fixture(autouse=True)
def as_a_new_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "_swept", set())


@contextmanager
def writer(folder: Path) -> Iterator[subprocess.Popen]:
    """A process that is in the middle of writing a file and a folder."""
    command = [sys.executable, "-c", WRITER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "writing\n"
            yield process
        finally:
            process.kill()


def hidden(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.startswith(".")]


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot ask whether a process runs")
def test_a_later_run_removes_what_a_killed_one_left(tmp_path: Path, monkeypatch):
    with writer(tmp_path) as process:
        write_text(tmp_path / "a.txt", "text")
        assert len(hidden(tmp_path)) == 2  # it lives
        process.kill()
        process.wait()
    assert len(hidden(tmp_path)) == 2
    monkeypatch.setattr(scratch, "_swept", set())
    write_text(tmp_path / "a.txt", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no such signals")
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_leaves_nothing_in_a_folder(tmp_path: Path, name: str):
    with writer(tmp_path) as process:
        process.send_signal(getattr(signal, name))
        assert process.wait(120) != 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="the state of a process is in /proc"
)
def test_a_dead_process_that_its_parent_has_not_asked_for_is_dead(tmp_path: Path):
    with writer(tmp_path) as process:
        process.kill()
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        scratch.remove_dead(tmp_path)
        assert hidden(tmp_path) == []


def test_only_its_owner_may_look_into_a_folder(tmp_path: Path):
    before = signal.getsignal(signal.SIGTERM)
    with scratch.scratch_folder(tmp_path) as folder:
        assert os.name != "posix" or folder.stat().st_mode & 0o777 == 0o700
    assert signal.getsignal(signal.SIGTERM) == before


@pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="the start of a process is in /proc"
)
def test_a_number_that_another_process_has_now_is_no_sign_of_life(tmp_path: Path):
    mine = scratch.scratch_path(tmp_path)
    mine.touch()
    start = scratch._start_of(os.getpid())
    other = tmp_path / mine.name.replace(f"-{start}-", f"-{start + 1}-")
    other.touch()
    scratch.remove_dead(tmp_path)
    assert list(tmp_path.iterdir()) == [mine]


def test_of_another_machine_a_day_without_a_change_decides(tmp_path: Path):
    names = [f".distiliqa-0123abcd-1-{start}-0123abcd.part" for start in range(2)]
    for name in names:
        (tmp_path / name).touch()
    long_ago = time.time() - scratch.MAX_IDLE_S - 60
    os.utime(tmp_path / names[0], (long_ago, long_ago))
    scratch.remove_dead(tmp_path)
    assert hidden(tmp_path) == names[1:]


def test_nothing_of_the_user_is_touched(tmp_path: Path):
    names = [".distiliqa-notes.part", ".0123abcd.scores.csv.part", "distiliqa-0-0-0.part"]
    for name in names:
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (0, 0))
    scratch.remove_dead(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_a_folder_is_listed_once_a_process(tmp_path: Path, monkeypatch):
    looks = []
    look = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looks.append(path) or look(path))
    for number in range(3):
        write_text(tmp_path / f"{number}.txt", "text")
    assert looks == [tmp_path]
