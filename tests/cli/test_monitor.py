from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from tests.support.command_line import invoke
from typer.testing import Result

from distiliqa.monitor import recording
from distiliqa.monitor import run as monitor
from distiliqa.monitor.watch import Watch

Write = Callable[..., Path]

# Each slice is read once a line of input allows it, says so, and takes a while.
SLOW = """
import sys, time
from distiliqa.monitor import arrival, run as monitor
prepare = arrival.prepare
monitor.BATCH = 4
def slow(ct, config, measures):
    sys.stdin.readline()
    print("read", flush=True)
    time.sleep(0.05)
    return prepare(ct, config, measures)
arrival.prepare = slow
from distiliqa.cli import main
main()
"""
QUICK = "from distiliqa.cli import main; main()"


@pytest.fixture
def once(tmp_path: Path, tiny_model: Path) -> Callable[..., Result]:
    """Run ``monitor --once`` on ``in`` with files taken as whole at once."""
    signals = signal.getsignal(signal.SIGTERM)

    def run(*options: object, model: Path = tiny_model) -> Result:
        given = [tmp_path / "in", "--out", tmp_path / "out", "--once", "--settle", 0, *options]
        try:
            return invoke("monitor", *given, "--model", model)
        finally:
            signal.signal(signal.SIGTERM, signals)

    return run


@pytest.fixture
def running(tmp_path: Path, tiny_model: Path) -> Callable[..., subprocess.Popen]:
    """Start ``monitor`` as a process of its own; it is killed with the test if it still runs."""

    @contextmanager
    def start(code: str = QUICK, *options: object) -> Iterator[subprocess.Popen]:
        given = [tmp_path / "in", "--out", tmp_path / "out", "--settle", 0, *options]
        command = [sys.executable, "-c", code, "monitor", *given, "--model", tiny_model]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        with subprocess.Popen(list(map(str, command)), **pipes, text=True) as process:
            try:
                yield process
            finally:
                process.kill()

    return start


def let_read(process: subprocess.Popen, slices: int) -> None:
    process.stdin.write(slices * "\n")
    process.stdin.flush()
    for _ in range(slices):
        process.stdout.readline()


def rows(tmp_path: Path, query: str) -> list[tuple]:
    with closing(sqlite3.connect(tmp_path / "out" / "monitor.sqlite")) as database:
        return database.execute(query).fetchall()


def test_once_scores_what_is_new(tmp_path: Path, once: Callable[..., Result], write_series: Write):
    write_series(tmp_path / "in", 3)
    done = once()
    assert (done.exit_code, done.stdout) == (0, "3 slices of 1 series scored\n"), done.stderr
    assert (tmp_path / "out" / "trend.html").is_file()
    done = once()
    assert (done.exit_code, done.output) == (0, "")


def test_the_page_names_folder_and_series_only_when_asked(
    tmp_path: Path, once: Callable[..., Result], write_series: Write
):
    write_series(tmp_path / "in", 2, SeriesInstanceUID="1.2.840.4711")
    names, page = ("1.2.840.4711", str(tmp_path / "in")), tmp_path / "out" / "trend.html"
    assert once().exit_code == 0
    assert [name for name in names if name in page.read_text()] == []
    assert once("--identify").exit_code == 0
    assert [name for name in names if name in page.read_text()] == list(names)


def test_once_waits_for_what_is_new(
    tmp_path: Path,
    once: Callable[..., Result],
    write_series: Write,
    monkeypatch: pytest.MonkeyPatch,
):
    write_series(tmp_path / "in", 2)
    now, waits = [0.0], []
    monkeypatch.setattr(monitor, "Watch", partial(Watch, clock=lambda: now[0]))

    def wait(seconds: float) -> None:
        waits.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(time, "sleep", wait)
    done = once("--settle", 300)
    assert (done.exit_code, done.stdout) == (0, "2 slices of 1 series scored\n"), done.stderr
    assert waits == [300]


def test_a_file_that_fails_is_1_and_named(
    tmp_path: Path, once: Callable[..., Result], write_series: Write
):
    folder = write_series(tmp_path / "in", 2)
    (folder / "bad.dcm").write_text("no DICOM")
    done = once()
    assert (done.exit_code, done.stdout) == (1, "2 slices of 1 series scored\n")
    assert done.stderr == f"failed: {folder / 'bad.dcm'}: not a DICOM file; copy or export again\n"
    assert once().exit_code == 1
    assert once().exit_code == 1
    assert once().exit_code == 0  # put down as failed, until it changes


def test_an_archive_and_other_images_are_reported_once(
    tmp_path: Path, once: Callable[..., Result], write_series: Write, write_ct
):
    folder = write_series(tmp_path / "in", 1)
    (folder / "notes.txt").write_text("no image")
    for number in range(2):
        write_ct(folder / f"mr{number}.dcm", np.zeros((64, 64)), Modality="MR")
        with zipfile.ZipFile(folder / f"study{number}.zip", "w") as archive:
            archive.write(next(folder.glob("*.dcm")), "1.dcm")
    if os.name == "posix":
        os.mkfifo(folder / "pipe")
    done = once()
    assert (done.exit_code, done.stdout) == (0, "1 slice of 1 series scored\n"), done.stderr
    lines = done.stderr.splitlines()
    zips = "study0.zip and 1 more: a zip inside; unpack it, or give it by itself"
    assert any(line == f"left out: {folder / zips}" for line in lines), lines
    assert any("mr0.dcm and 1 more: modality MR" in line for line in lines), lines
    assert len(lines) == (3 if os.name == "posix" else 2)


def test_a_missing_folder_is_2_and_one_line(tmp_path: Path, once: Callable[..., Result]):
    done = once()
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == f"error: {tmp_path / 'in'}: no such folder; check or mount it\n"


def test_another_model_is_refused(
    tmp_path: Path, once: Callable[..., Result], tiny_model: Path, write_series: Write
):
    write_series(tmp_path / "in", 1)
    once()
    other = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    config = other / "config.json"
    config.write_text(config.read_text().replace('"1.0"', '"2.0"'))
    done = once(model=other)
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "holds scores of tiny 1.0, not of tiny 2.0" in done.stderr


def test_a_full_disk_is_2_and_one_line(
    tmp_path: Path,
    once: Callable[..., Result],
    write_series: Write,
    monkeypatch: pytest.MonkeyPatch,
):
    def full(*arguments: object) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    write_series(tmp_path / "in", 2)
    with monkeypatch.context() as broken:
        broken.setattr(recording, "_note_file", full)
        done = once()
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        f"error: {tmp_path / 'out' / 'monitor.sqlite'}: database or disk is full;"
        " free some space; what is in it is whole\n"
    )
    assert once().stdout == "2 slices of 1 series scored\n"


def test_two_monitors_on_one_folder(
    tmp_path: Path, once: Callable[..., Result], running: Callable, write_series: Write
):
    write_series(tmp_path / "in", 1)
    with running() as process:
        assert process.stdout.readline() == "1 slice of 1 series scored\n"
        done = once()
        assert (done.exit_code, done.stdout) == (2, "")
        assert done.stderr == (
            f"error: {tmp_path / 'out'}: another monitor writes here;"
            " stop it, or choose another folder\n"
        )


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(
    tmp_path: Path, running: Callable, write_series: Write, sent: signal.Signals
):
    write_series(tmp_path / "in", 60)
    with running(SLOW) as process:
        let_read(process, 30)
        process.send_signal(sent)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert errors.endswith("ended; the scores are kept\n")
    assert "Traceback" not in errors
    assert 0 < rows(tmp_path, "SELECT count(*) FROM slices")[0][0] < 60


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX signals")
def test_a_signal_reports_that_once_is_not_through(
    tmp_path: Path, running: Callable, write_series: Write
):
    write_series(tmp_path / "in", 60)
    with running(SLOW, "--once") as process:
        let_read(process, 30)
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=120)
    assert (process.returncode, errors) == (130, "interrupted\n")
    assert 0 < rows(tmp_path, "SELECT count(*) FROM slices")[0][0] < 60


def test_killed_in_the_middle_each_slice_is_scored_once(
    tmp_path: Path, running: Callable, once: Callable[..., Result], write_series: Write
):
    write_series(tmp_path / "in", 40)
    with running(SLOW) as process:
        let_read(process, 20)
        process.kill()
        process.communicate()
    assert rows(tmp_path, "PRAGMA integrity_check") == [("ok",)]
    before = rows(tmp_path, "SELECT count(*) FROM slices")[0][0]
    assert 0 < before < 40
    done = once()
    assert done.stdout == f"{40 - before} slices of 1 series scored\n", done.stderr
    assert rows(tmp_path, "SELECT count(*), count(DISTINCT sha256) FROM slices") == [(40, 40)]
    assert rows(tmp_path, "SELECT slices FROM series_means") == [(40,)]


def test_it_goes_on_when_the_folder_comes_back(
    tmp_path: Path, running: Callable, write_series: Write
):
    write_series(tmp_path / "in", 1)
    with running(QUICK, "--every", 1) as process:
        assert process.stdout.readline() == "1 slice of 1 series scored\n"
        (tmp_path / "in").rename(tmp_path / "away")
        assert process.stderr.readline().startswith("watching ")
        assert process.stderr.readline().endswith("check or mount it; trying again in 1 s\n")
        write_series(tmp_path / "away", 2, SeriesInstanceUID="1.2.4")
        (tmp_path / "away").rename(tmp_path / "in")
        assert process.stdout.readline() == "2 slices of 1 series scored\n"
