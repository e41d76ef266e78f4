from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

pytest.importorskip("starlette")

from distiliqa.errors import DistiliqaError
from distiliqa.serve import served_paths
from distiliqa.serve.served_paths import ServedPaths, classify, state_of


def test_arguments_are_sorted_by_what_they_are(tmp_path: Path):
    for name in ("scan", "results", "listen/queue", "monitor"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("results/scores.json", "results/series.csv", "listen/received.csv"):
        (tmp_path / name).touch()
    sqlite3.connect(tmp_path / "monitor" / "monitor.sqlite").close()
    (tmp_path / "monitor" / "monitor.sqlite").touch()
    names = ("scan", "results", "listen", "monitor", "monitor/monitor.sqlite")
    found = classify(tmp_path / name for name in names)
    assert found == ServedPaths(
        inputs=(tmp_path / "scan",),
        results=(tmp_path / "results",),
        monitors=(tmp_path / "monitor/monitor.sqlite",) * 2,
        listeners=(tmp_path / "listen",),
    )


def test_an_argument_that_is_not_there(tmp_path: Path):
    with pytest.raises(DistiliqaError, match="no such file or folder"):
        classify([tmp_path / "gone"])


def test_paths_stay_in_what_was_given(tmp_path: Path):
    scan, secret = tmp_path / "scan", tmp_path / "secret"
    (scan / "in").mkdir(parents=True)
    secret.mkdir()
    (scan / "link").symlink_to(secret)
    found = ServedPaths(inputs=(scan,))
    assert found.confined("in") == scan / "in"
    assert found.confined(str(scan / "in")) == scan / "in"
    assert found.confined(".") == scan
    for name in ("..", "../secret", "link", str(secret), "/etc", f"{scan}2", "in/../../secret"):
        with pytest.raises(DistiliqaError, match="not in a folder"):
            found.confined(name)
    with pytest.raises(DistiliqaError, match="no such file"):
        found.confined("gone")
    with pytest.raises(DistiliqaError, match="start it with that folder"):
        ServedPaths().confined(os.fspath(scan))


def test_a_path_in_any_of_the_folders_is_found(tmp_path: Path):
    first, second = tmp_path / "first", tmp_path / "second"
    (first / "a").mkdir(parents=True)
    (second / "b").mkdir(parents=True)
    found = ServedPaths(inputs=(first, second))
    assert found.confined("a") == first / "a"
    assert found.confined("b") == second / "b"
    with pytest.raises(DistiliqaError, match="no such file"):
        found.confined("c")
    with pytest.raises(DistiliqaError, match="not in a folder"):
        found.confined("../c")


@pytest.mark.parametrize(
    "name", ["a\0b", "a" * 5000, "\ud800", "a/" * 3000], ids=["0", "long", "odd", "deep"]
)
def test_a_name_that_no_file_can_have_is_not_there(tmp_path: Path, name: str):
    found = ServedPaths(inputs=(tmp_path, tmp_path.parent))
    with pytest.raises(DistiliqaError, match="no such file or folder"):
        found.confined(name)


def test_paths_have_names_that_identify_nobody(tmp_path: Path):
    scans = tuple(tmp_path / name for name in ("Doe^Jane", "Roe^Richard"))
    for scan in scans:
        (scan / "in").mkdir(parents=True)
    assert ServedPaths(inputs=scans[:1]).label(scans[0]) == "a path that was given"
    both = ServedPaths(inputs=scans)
    for number, scan in enumerate(scans, 1):
        for path in (scan, both.confined(str(scan / "in"))):
            assert both.label(path) == f"path {number} of the 2 that were given"


def test_a_folder_of_very_many_files_is_not_scored_unasked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(served_paths, "MAX_AT_ONCE", 2)
    for n in range(2):
        (tmp_path / f"{n}").touch()
    assert state_of(tmp_path) is not None
    (tmp_path / "more").touch()
    assert state_of(tmp_path) is None


def test_a_new_file_and_a_changed_one_are_seen(tmp_path: Path):
    (tmp_path / "in").mkdir()
    states = [state_of(tmp_path)]
    for name, text in (("in/a", "1"), ("in/b", "1"), ("in/a", "12")):
        (tmp_path / name).write_text(text)
        states.append(state_of(tmp_path))
    assert len(set(states)) == 4
    assert state_of(tmp_path) == states[-1]
    assert state_of(tmp_path / "in/a") != state_of(tmp_path / "in/b")


def test_the_state_of_a_folder_is_that_of_its_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "scan").mkdir()
    (tmp_path / "scan" / "a").touch()
    state = state_of(tmp_path / "scan")
    monkeypatch.chdir(tmp_path)
    assert state_of(Path("scan")) == state
    (tmp_path / "scan" / "own" / "jobs").mkdir(parents=True)
    (tmp_path / "scan" / "own" / "jobs" / "1.json").touch()
    assert state_of(Path("scan"), tmp_path / "scan" / "own") == state
    assert state_of(Path("scan")) != state
