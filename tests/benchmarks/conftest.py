from __future__ import annotations

from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks_on_the_path(monkeypatch: pytest.MonkeyPatch) -> None:
    """Benchmarks are programs of one folder, which find each other there."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
