"""A job in this process: what it reports, and what it leaves."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
from tests.support.disks import fail_for
from tests.support.slices import write_series

from distiliqa.serve import job_process
from distiliqa.serve.job import Job, new_job
from distiliqa.serve.job_process import ScoringSettings, run_job
from distiliqa.serve.selected_series import SelectedSeries


@pytest.fixture(autouse=True)
def own_signals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_process.signal, "signal", lambda *_: None)


class Changes(list[dict[str, Any]]):
    """What a job has reported; cancels it after a number of slices."""

    def __init__(self, cancel_at: int = 0) -> None:
        super().__init__()
        self.cancelled, self._cancel_at = threading.Event(), cancel_at

    def send(self, change: dict[str, Any]) -> None:
        self.append(change)
        if change.get("scored") == self._cancel_at:
            self.cancelled.set()

    @property
    def last(self) -> dict[str, Any]:
        return {name: value for change in self for name, value in change.items()}


def ran(job: Job, out: Path, changes: Changes, model: Path, **settings: Any) -> dict[str, Any]:
    given = ScoringSettings(str(model), measures="none", **settings)
    run_job(job, out, given, changes, changes.cancelled)  # type: ignore[arg-type]
    return changes.last


def test_progress_is_counted(tmp_path: Path, tiny_model: Path):
    changes = Changes()
    job = new_job("a", (str(write_series(tmp_path / "a", 3)),))
    last = ran(job, tmp_path / "out", changes, tiny_model)
    assert last == {"state": "done", "step": "done", "scored": 3, "found": 3, "problems": 0}
    steps = list(dict.fromkeys(change["step"] for change in changes if "step" in change))
    assert steps == ["reading headers", "scoring", "writing the results", "done"]
    assert [change["scored"] for change in changes if change.get("step") == "scoring"] == [1, 2, 3]


def test_a_job_that_is_cancelled_keeps_its_scores(tmp_path: Path, tiny_model: Path):
    job = new_job("a", (str(write_series(tmp_path / "a", 9)),))
    last = ran(job, tmp_path / "out", Changes(cancel_at=2), tiny_model)
    assert (last["state"], last["scored"], last["found"]) == ("cancelled", 2, 9)
    assert len((tmp_path / "out" / "scores.csv").read_text().splitlines()) == 3


def test_one_series_of_several(tmp_path: Path, tiny_model: Path):
    for n in (1, 2):
        write_series(tmp_path / "scan" / f"{n}", 2 + n, SeriesInstanceUID=f"1.2.{n}")
    scan = tmp_path / "scan"
    second = SelectedSeries("1.2.2", tuple((str(scan / "2" / f"{n}.dcm"), 0) for n in range(4)))
    job = new_job("a", (str(scan),), series=(second,))
    assert ran(job, tmp_path / "out", Changes(), tiny_model)["scored"] == 4
    gone = SelectedSeries("1.2.9", ((str(scan / "2" / "9.dcm"), 0),))
    job = new_job("a", (str(scan),), series=(second, gone))
    last = ran(job, tmp_path / "out2", Changes(), tiny_model)
    assert last["step"] == ("1 of 2 selected series is not there any more; score the folder again")


@pytest.mark.parametrize("identify", [False, True])
def test_a_path_is_named_only_with_identify(tmp_path: Path, tiny_model: Path, identify: bool):
    (tmp_path / "DOE").mkdir()
    job = new_job("a", (str(tmp_path / "DOE"),))
    last = ran(job, tmp_path / "out", Changes(), tiny_model, identify=identify)
    assert last["state"] == "failed"
    assert "holds no file" in last["step"]
    assert ("DOE" in last["step"]) == identify


def test_a_model_that_is_not_there(tmp_path: Path):
    last = ran(new_job("a", ("/x",)), tmp_path / "out", Changes(), tmp_path / "none")
    assert last["state"] == "failed"


def test_a_job_whose_results_cannot_be_written_has_failed(
    tmp_path: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
):
    fail_for(monkeypatch, "scores.json")
    job = new_job("a", (str(write_series(tmp_path / "a", 3)),))
    last = ran(job, tmp_path / "out", Changes(), tiny_model)
    assert (last["state"], last["problems"]) == ("failed", 1)
    assert last["step"].startswith("cannot be written (No space left on device); free some space")
