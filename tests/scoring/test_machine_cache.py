from __future__ import annotations

from pathlib import Path

import pytest

from distiliqa.scoring import machine_cache
from distiliqa.scoring.machine_cache import cache_folder, keep_measured, read_measured


def test_a_relative_cache_folder_is_not_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    assert cache_folder() == tmp_path / ".cache" / "distiliqa"


def test_what_was_measured_is_read_under_the_same_facts_on_the_same_machine(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    keep_measured("speed", {"model": "a"}, {"found": 1})
    assert read_measured("speed", {"model": "a"}) == {"found": 1}
    assert read_measured("speed", {"model": "b"}) is read_measured("other", {"model": "a"}) is None
    monkeypatch.setattr(machine_cache, "cores", lambda: 99)
    assert read_measured("speed", {"model": "a"}) is None


def test_a_damaged_file_is_measured_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    keep_measured("speed", {}, {"found": 1})
    (file,) = (tmp_path / "distiliqa").iterdir()
    file.write_text("{")
    assert read_measured("speed", {}) is None
