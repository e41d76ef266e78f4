from __future__ import annotations

import pytest

from distiliqa.progress import progress_bar, track


def test_a_pipe_gets_the_items_and_no_bar(capfd: pytest.CaptureFixture[str]):
    assert list(track(iter(range(3)), "Counting", total=3)) == [0, 1, 2]
    with progress_bar("reading", "scoring") as show:
        assert show is None
    assert capfd.readouterr() == ("", "")


def test_a_terminal_gets_a_bar(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert list(track(range(3), "Counting")) == [0, 1, 2]
    with progress_bar("reading", "scoring") as show:
        assert show is not None
        show(1, 2)
    shown = capfd.readouterr().err
    assert "Counting" in shown
    assert "scoring" in shown
