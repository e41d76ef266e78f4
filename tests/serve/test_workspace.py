"""What a new start scores, and what the list shows of inputs that were scored again."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("starlette")
from tests.support.made import mapped
from tests.support.page_server import page_server
from tests.support.slices import write_ct, write_series

from distiliqa.models.folder import write_config
from distiliqa.scoring.model import Model
from distiliqa.serve import served_paths
from distiliqa.serve.app import opened_app
from distiliqa.serve.job import Job
from distiliqa.serve.job_process import ScoringSettings
from distiliqa.serve.served_paths import classify
from distiliqa.serve.workspace import Workspace


def started(place: Path, scan: Path, state: str = "done", **settings: Any) -> list[Job]:
    """Start a server for a folder and let its new jobs end; gives its jobs, the latest first."""
    workspace = Workspace(place, classify([scan]), ScoringSettings(**settings))
    workspace.queue._work = lambda: None  # type: ignore[method-assign]
    workspace.start()
    for job in workspace.queue.jobs():
        if not job.has_ended:
            workspace.queue._note(job.id, state=state)
            write_stored(workspace.queue.results / job.id)
    return workspace.queue.jobs()


def write_stored(folder: Path) -> None:
    """Results of one series, as far as the list reads them."""
    folder.mkdir()
    model = {"name": "m", "version": "1", "scale": {"low": 0, "high": 4, "higher_is_better": True}}
    series = {"series": "1.2", "acquisition": {}, "over_slices": {}, "slices": [], "score": 1.0,
              "warnings": []}  # fmt: skip
    settings = {"window": {"width": 350, "level": 40}, "image_size": 512}
    content = {"model": model, "settings": settings, "series": [series]}
    (folder / "scores.json").write_text(json.dumps(content))
    (folder / "series.csv").write_text("name\n1\n")


def test_a_folder_is_scored_again_once_it_or_the_settings_have_changed(tmp_path: Path):
    scan, place = write_series(tmp_path / "scan", 1), tmp_path / "own"
    assert len(started(place, scan)) == 1
    assert len(started(place, scan)) == 1
    write_ct(scan / "new.dcm", [[0.0] * 64] * 64)
    assert len(started(place, scan)) == 2
    assert len(started(place, scan)) == 2
    jobs = started(place, scan, measures="all")
    assert len(jobs) == 3
    workspace = Workspace(place, classify([scan]), ScoringSettings())
    assert [one.results.id for one in workspace.listed()] == [jobs[0].id]  # the older ones: copies


def test_the_same_files_are_not_scored_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    scan = write_series(tmp_path / "scan", 1)
    place = scan / "own"  # of the server, which writes there
    for _ in range(2):
        assert len(started(place, scan)) == 1
        monkeypatch.chdir(tmp_path)
        assert len(started(place, Path("scan"))) == 1


def test_a_model_that_was_exported_anew_scores_again(tmp_path: Path, model: Model):
    scan, place = write_series(tmp_path / "scan", 1), tmp_path / "own"
    folder = shutil.copytree(model.folder, tmp_path / "model")
    for _ in range(2):
        assert len(started(place, scan, model=str(folder))) == 1
    other = shutil.copytree(folder, tmp_path / "the same model")
    assert len(started(place, scan, model=str(other))) == 1
    write_config(folder, mapped(model.config))
    assert len(started(place, scan, model=str(folder))) == 2


def test_a_job_that_failed_is_tried_again(tmp_path: Path):
    scan, place = write_series(tmp_path / "scan", 1), tmp_path / "own"
    (failed,) = started(place, scan, state="failed")
    done, again = started(place, scan)
    assert (again.id, done.state) == (failed.id, "done")
    assert len(started(place, scan)) == 2


def test_a_cancelled_job_does_not_hide_earlier_results(tmp_path: Path):
    scan, place = write_series(tmp_path / "scan", 1), tmp_path / "own"
    (first,) = started(place, scan)
    write_ct(scan / "new.dcm", [[0.0] * 64] * 64)
    second, _ = started(place, scan, state="cancelled")
    workspace = Workspace(place, classify([scan]), ScoringSettings())
    assert {one.results.id for one in workspace.listed()} == {first.id, second.id}


def test_results_that_cannot_be_read_are_named(tmp_path: Path):
    place, said = tmp_path / "DOE", list[str]()
    place.mkdir()
    (place / "scores.json").write_text("{}")
    (place / "series.csv").write_text("name\n")
    reason = "not of distiliqa score (KeyError: 'model'); score the folder again"
    workspace = Workspace(tmp_path / "own", classify([place]), ScoringSettings())
    with opened_app(workspace, frozenset(), None, said.append):
        pass
    assert said == [f"{place / 'scores.json'}: {reason}"]
    with page_server(tmp_path / "own", classify([place])) as server:
        assert server.json("/api/about")["unreadable"] == [reason]


def test_a_folder_of_very_many_files_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(served_paths, "MAX_AT_ONCE", 2)
    scan, said = write_series(tmp_path / "scan", 3), list[str]()
    workspace = Workspace(tmp_path / "own", classify([scan]), ScoringSettings())
    with opened_app(workspace, frozenset(), None, said.append):
        assert workspace.queue.jobs() == []
    assert said == [f"{scan} has more than 20,000 files: enter the path of a part on the page"]
