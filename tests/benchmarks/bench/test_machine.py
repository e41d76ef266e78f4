"""The commit on the page is that of the code, whatever the benchmarks have written."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest


def test_results_do_not_make_the_code_differ(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench import machine

    def git(*arguments: str) -> None:
        named = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run(["git", *named, *arguments], cwd=tmp_path, check=True, capture_output=True)

    code, page = tmp_path / "code.py", tmp_path / "docs" / "performance.md"
    page.parent.mkdir()
    for path in (code, page):
        path.write_text("before")
    git("init")
    git("add", ".")
    git("commit", "-m", "code")
    monkeypatch.setattr(machine, "_ROOT", tmp_path)
    page.write_text("after")
    commit = machine.machine()["commit"]
    assert len(commit) >= 7
    assert "-" not in commit
    code.write_text("after")
    assert machine.machine()["commit"] == f"{commit}-dirty"
