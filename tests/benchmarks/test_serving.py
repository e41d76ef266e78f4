"""The benchmark of the page is left out where there is no browser."""

from __future__ import annotations

from pathlib import Path

import pytest


def test_without_a_browser_it_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import serving

    monkeypatch.setenv("PATH", str(tmp_path))
    found = serving.measure()
    assert found.figures == []
    assert found.left_out == ["the page in a browser: no chromium and chromedriver here"]
