"""Work on many cores."""

from __future__ import annotations

import os
import signal

import pytest

from distiliqa.errors import CTReadError, DistiliqaError
from distiliqa.jobs import run_jobs


def work(number: int) -> int:
    """The square; odd ones: 3 cannot be read, 5 kills its process, 7 cannot be written."""
    if number == 3:
        raise CTReadError("broken", path="3.dcm")
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 7:
        raise DistiliqaError("disk full", path="out")
    return number**2


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_bad_file_is_a_result(jobs: int) -> None:
    results = dict(run_jobs(work, [2, 3, 4], jobs=jobs, description=""))
    assert (results[0], results[2]) == (4, 16)
    error = results[1]
    assert isinstance(error, CTReadError)
    assert (error.path, error.problem) == ("3.dcm", "broken")


@pytest.mark.parametrize("jobs", [1, 2])
def test_any_other_error_stops_the_run(jobs: int) -> None:
    with pytest.raises(DistiliqaError, match="out: disk full"):
        list(run_jobs(work, [2, 7, 4], jobs=jobs, description=""))


def test_a_killed_process_is_reported() -> None:
    with pytest.raises(DistiliqaError, match=r"killed.*run again to resume"):
        list(run_jobs(work, [2, 5], jobs=2, description=""))


def test_nothing_to_do_says_nothing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # as on a terminal
    monkeypatch.setenv("TERM", "xterm")
    assert list(run_jobs(work, [], description="squares")) == []
    assert capsys.readouterr().err == ""
    list(run_jobs(work, [2], jobs=1, description="squares"))
    captured = capsys.readouterr()
    assert "squares" in captured.err
    assert captured.out == ""
