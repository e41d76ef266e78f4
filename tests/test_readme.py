"""What README.md says can be run as it stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from distiliqa.cli import PANELS

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def test_python_example_runs(
    tmp_path: Path,
    write_series: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    write_series(tmp_path / "FOLDER", 3)
    monkeypatch.chdir(tmp_path)
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    exec(code, {"hu": np.random.default_rng(0).normal(40, 20, (512, 512))})
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 1 + 1 + 3


def test_commands_exist() -> None:
    commands = set(re.findall(r"^distiliqa ([a-z-]+)", README, re.MULTILINE))
    assert commands
    assert commands <= {name for panel in PANELS.values() for name in panel}


def test_links_into_the_project_lead_somewhere() -> None:
    root = Path(__file__).parents[1]
    links = re.findall(r"\]\((?!https?:)([^)#]+)", README)
    assert links
    assert all((root / link).exists() for link in links)
