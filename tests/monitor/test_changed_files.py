"""Files that change, move, fail or go away while a folder is watched."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.monitor import Monitor, arrival
from distiliqa.monitor.store import ATTEMPTS

Start = Callable[..., Monitor]
Rows = Callable[..., list[tuple]]
Write = Callable[..., Path]

LIVE = "SELECT count(*) FROM slices WHERE NOT superseded"


def test_a_renamed_file_and_a_copy_are_known(
    folder: Path, start: Start, rows: Rows, write_series: Write
):
    write_series(folder, 3)
    shutil.copy(folder / "0.dcm", folder / "copy.dcm")
    monitor = start()
    assert monitor.look().slices == 3
    (folder / "1.dcm").rename(folder / "other.dcm")
    assert monitor.look().slices == 0
    assert rows(LIVE) == [(3,)]
    assert rows("SELECT count(*) FROM files WHERE state = 'scored'") == [(5,)]


def test_a_file_that_goes_away_keeps_its_score(
    folder: Path, start: Start, rows: Rows, write_series: Write
):
    write_series(folder, 3)
    monitor = start()
    monitor.look()
    shutil.rmtree(folder)
    folder.mkdir()
    assert monitor.look().slices == 0
    assert rows("SELECT slices FROM series_means") == [(3,)]


def test_a_changed_file_is_scored_again_and_counts_once(
    folder: Path, start: Start, rows: Rows, write_series: Write, write_ct: Write
):
    write_series(folder, 3)
    former = (folder / "0.dcm").read_bytes()
    monitor = start()
    monitor.look()
    noisy = np.random.default_rng(9).normal(40, 90, (64, 64))
    write_ct(folder / "0.dcm", noisy, ImagePositionPatient=[-100, -100, 9], KVP=80)
    assert monitor.look().slices == 1
    assert rows("SELECT slices FROM series_means") == [(3,)]
    assert rows("SELECT count(*) FROM slices WHERE superseded") == [(1,)]
    assert rows("SELECT warnings FROM series_means") != [("[]",)]
    (folder / "0.dcm").write_bytes(former)
    assert monitor.look().slices == 0
    assert rows("SELECT slices, warnings FROM series_means") == [(3, "[]")]


def test_a_file_that_was_broken_while_it_was_replaced_counts_once(
    folder: Path, start: Start, rows: Rows, write_series: Write, write_ct: Write
):
    write_series(folder, 3)
    monitor = start()
    monitor.look()
    noisy = np.random.default_rng(9).normal(40, 90, (64, 64))
    whole = write_ct(folder / "0.dcm", noisy, ImagePositionPatient=[-100, -100, 9]).read_bytes()
    (folder / "0.dcm").write_bytes(whole[:-4000])
    assert len(monitor.look().failed) == 1
    assert rows("SELECT slices FROM series_means") == [(3,)]
    (folder / "0.dcm").write_bytes(whole)
    assert monitor.look().slices == 1
    assert rows("SELECT slices FROM series_means") == [(3,)]


def test_a_name_used_again_for_another_scan_replaces_nothing(
    folder: Path, start: Start, rows: Rows, write_series: Write
):
    write_series(folder, 3)
    monitor = start()
    monitor.look()
    write_series(folder, 3, SeriesInstanceUID="1.2.4", KVP=80)
    assert monitor.look().slices == 3
    assert rows("SELECT slices, superseded FROM series_means, (SELECT sum(superseded) AS superseded"
                " FROM slices)") == [(3, 0), (3, 0)]  # fmt: skip


def test_a_touched_file_is_not_scored_again(
    folder: Path, start: Start, rows: Rows, write_series: Write
):
    write_series(folder, 2)
    monitor = start()
    monitor.look()
    os.utime(folder / "0.dcm", (1, 1))
    assert monitor.look().slices == 0
    assert rows(LIVE) == [(2,)]


def test_a_file_still_being_written_waits(
    folder: Path, start: Start, rows: Rows, write_series: Write
):
    whole = (write_series(folder, 1) / "0.dcm").read_bytes()
    path = folder / "0.dcm"
    path.write_bytes(whole[:-4000])
    monitor = start(settle=10)
    now = [0.0]
    monitor.watch.clock = lambda: now[0]
    assert (found := monitor.look()).waiting == 1
    now[0] += 6
    path.write_bytes(whole)
    assert (found := monitor.look()).waiting == 1
    now[0] += 6
    assert (found := monitor.look()).waiting == 1
    now[0] += 6
    assert (found := monitor.look()).slices == 1
    assert found.failed == []


def test_a_file_cut_short_is_tried_again_and_then_left(
    folder: Path, start: Start, rows: Rows, write_series: Write
):
    write_series(folder, 2)
    whole = (folder / "0.dcm").read_bytes()
    (folder / "0.dcm").write_bytes(whole[:-4000])
    monitor = start()
    failures = [[problem.path for problem in monitor.look().failed] for _ in range(ATTEMPTS + 1)]
    assert failures == [[str(folder / "0.dcm")]] * ATTEMPTS + [[]]
    ((state, attempts, reason),) = rows(
        "SELECT state, attempts, reason FROM files WHERE state != 'scored'"
    )
    assert (state, attempts) == ("failed", ATTEMPTS)
    assert "cut short" in reason
    (folder / "0.dcm").write_bytes(whole)
    assert monitor.look().slices == 1
    assert rows("SELECT DISTINCT state FROM files") == [("scored",)]


def test_a_file_that_changes_while_it_is_read_is_left_for_later(
    folder: Path, start: Start, rows: Rows, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    write_series(folder, 2)
    prepare = arrival.prepare

    def changes(ct, config, measures):
        if ct.path.endswith("0.dcm"):
            os.utime(ct.path, (2, 2))
        return prepare(ct, config, measures)

    monkeypatch.setattr(arrival, "prepare", changes)
    monitor = start()
    assert ((found := monitor.look()).slices, found.waiting) == (1, 1)
    assert rows("SELECT count(*) FROM files") == [(1,)]
    assert monitor.look().slices == 1


def test_what_is_no_ct_is_left_out_and_not_read_again(
    folder: Path, start: Start, rows: Rows, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    write_series(folder / "mr", 1, Modality="MR")
    (folder / "notes.txt").write_text("notes")
    (folder / "a.zip").write_bytes(b"PK")
    monitor = start()
    found = monitor.look()
    assert (found.slices, found.failed) == (0, [])
    assert rows("SELECT DISTINCT state FROM files") == [("left out",)]
    monkeypatch.setattr(arrival, "index_one", None)
    assert monitor.look().failed == []


@pytest.mark.skipif(os.name == "nt" or not os.geteuid(), reason="root may read all files")
def test_a_file_without_permission_fails(folder: Path, start: Start, write_series: Write):
    write_series(folder, 2)
    (folder / "0.dcm").chmod(0)
    (failed,) = start().look().failed
    assert failed == (str(folder / "0.dcm"), "cannot be read (Permission denied)")


def test_a_file_that_cannot_be_opened_is_reported_once_and_tried_until_it_can(
    folder: Path, start: Start, rows: Rows, write_series: Write, monkeypatch: pytest.MonkeyPatch
):
    def broken(path: Path) -> str:
        raise OSError(errno.EIO, "Input/output error", str(path))

    write_series(folder, 2)
    monitor = start()
    with monkeypatch.context() as share:
        share.setattr(arrival, "sha256_of", broken)
        assert [len(monitor.look().failed) for _ in range(ATTEMPTS + 1)] == [2, 0, 0, 0]
        monitor = start()
        assert [len(monitor.look().failed) for _ in range(2)] == [2, 0]
    assert rows("SELECT DISTINCT state, attempts FROM files") == [("failed", 0)]
    assert (monitor.look().slices, monitor.look().slices) == (2, 0)
    assert rows("SELECT DISTINCT state, attempts FROM files") == [("scored", 1)]
