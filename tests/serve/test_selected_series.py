"""What an export scores again: the series that were selected, with what belongs to them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("starlette")
from tests.support.dose_reports import dose_event, write_dose_report
from tests.support.page_server import write_results
from tests.support.slices import write_ct, write_series

from distiliqa.errors import DistiliqaError
from distiliqa.outputs import Outputs
from distiliqa.report.json import scores_record
from distiliqa.scoring.model import Model
from distiliqa.scoring.run import score_inputs
from distiliqa.serve.job import Job, read_jobs
from distiliqa.serve.job_process import ScoringSettings, _selected
from distiliqa.serve.served_paths import classify
from distiliqa.serve.workspace import Workspace


def selected(place: Path, *results: Path, of: tuple[int, ...] | None = None) -> Job:
    """The export of series of results, all or those of these numbers, as it is kept on disk."""
    workspace = Workspace(place, classify(results), ScoringSettings())
    keys = [one.series.key for one in workspace.listed()]
    wanted = keys if of is None else [keys[n] for n in of]
    job = workspace.add_export(wanted, pdf=False, sr=False)
    (kept,) = (one for one in read_jobs(place / "jobs") if one.id == job.id)
    return kept


def exported(job: Job, model: Model) -> dict[str, Any]:
    """The content of ``scores.json`` of an export."""
    run = score_inputs(_selected(job), model, measures="basic")
    return json.loads(json.dumps(scores_record(run)))


def stored(results: Path) -> dict[str, Any]:
    return json.loads((results / "scores.json").read_text())


def write_version(folder: Path, hu: float, count: int = 2) -> Path:
    """A version of a series, whose identifiers all versions share."""
    for n in range(count):
        noise = np.random.default_rng(n).normal(hu, 30, (64, 64))
        write_ct(folder / f"{n}.dcm", noise, ImagePositionPatient=[-100, -100, 3 * n])
    return folder


def test_one_version_of_a_series_is_exported_as_it_is_listed(tmp_path: Path, model: Model):
    for name, hu in (("denoised", 40.0), ("full", 60.0)):
        write_version(tmp_path / "scan" / name, hu)
    results = write_results(tmp_path / "scan", tmp_path / "results", model)
    listed = stored(results)["series"]
    assert len(listed) == 2
    for n in range(2):
        job = selected(tmp_path / "own", results, of=(n,))
        assert exported(job, model)["series"] == [listed[n]]


def test_series_of_one_uid_in_two_results_stay_two(tmp_path: Path, model: Model):
    places = [write_version(tmp_path / name, hu) for name, hu in (("a", 40.0), ("b", 60.0))]
    results = [write_results(place, tmp_path / f"results {place.name}", model) for place in places]
    job = selected(tmp_path / "own", *results)
    assert job.label.startswith("report of 2 selected series")
    found = exported(job, model)["series"]
    assert [one["score"] for one in found] == [stored(one)["series"][0]["score"] for one in results]
    assert [one["series"].rpartition(" in ")[2] for one in found] == list(map(str, places))


def test_the_same_slices_and_copies_of_them_are_exported_once(tmp_path: Path, model: Model):
    scan = write_version(tmp_path / "a", 40.0)
    copy = shutil.copytree(scan, tmp_path / "b")
    results = [
        write_results(place, tmp_path / f"results {n}", model)
        for n, place in enumerate((scan, copy, scan))
    ]
    job = selected(tmp_path / "own", *results)
    assert job.label.startswith("report of 1 selected series")
    assert exported(job, model)["series"] == stored(results[0])["series"]


def test_dose_and_what_failed_belong_to_the_export(tmp_path: Path, model: Model):
    scan = write_series(tmp_path / "scan" / "a", 4, IrradiationEventUID="1.2.3.4")
    write_dose_report(tmp_path / "scan" / "dose.dcm", dose_event(dlp=420.0))
    (scan / "1.dcm").write_bytes((scan / "1.dcm").read_bytes()[:-9])  # no pixels
    (scan / "2.dcm").write_bytes(b"no DICOM")
    other = write_version(tmp_path / "scan" / "b", 40.0)
    (other / "9.dcm").write_bytes(b"no DICOM")
    results = write_results(tmp_path / "scan", tmp_path / "results", model)
    record = stored(results)
    at = next(n for n, one in enumerate(record["series"]) if one["dose"]["event"])
    found = exported(selected(tmp_path / "own", results, of=(at,)), model)
    assert found["series"] == [record["series"][at]]
    assert found["series"][0]["dose"]["event"]["dlp_mgy_cm"] == 420.0
    assert {Path(one["path"]).name for one in found["failed"]} == {"1.dcm", "2.dcm"}
    assert len(found["failed"]) == 2
    assert found["series"][0]["complete"] is False


def test_a_series_whose_job_was_cancelled_stays_incomplete(tmp_path: Path, model: Model):
    scan = write_series(tmp_path / "scan", 4)

    def cancel(done: int, found: int) -> None:
        if done == 2:
            raise DistiliqaError("cancelled")

    run = score_inputs([scan], model, progress=cancel, measures="basic")
    Outputs(tmp_path / "results").write(run, quiet=True)
    assert [one["complete"] for one in stored(tmp_path / "results")["series"]] == [False]
    found = exported(selected(tmp_path / "own", tmp_path / "results"), model)
    assert [(one["complete"], len(one["slices"])) for one in found["series"]] == [(False, 2)]
    assert [one["reason"] for one in found["failed"]] == [
        "not all slices of its series were scored"
    ]


def test_a_series_that_has_gone_is_an_error_and_a_slice_makes_it_incomplete(
    tmp_path: Path, model: Model
):
    for name in ("a", "b"):
        write_series(tmp_path / "scan" / name, 3, SeriesInstanceUID=f"1.2.{ord(name)}")
    results = write_results(tmp_path / "scan", tmp_path / "results", model)
    job = selected(tmp_path / "own", results)
    write_ct(tmp_path / "scan" / "a" / "1.dcm", np.zeros((64, 64)), SeriesInstanceUID="1.9")
    found = exported(job, model)
    assert [len(one["slices"]) for one in found["series"]] == [2, 3]
    assert [one["reason"] for one in found["failed"]] == ["has no such slice any more"]
    for n in range(3):
        (tmp_path / "scan" / "b" / f"{n}.dcm").write_bytes(b"no DICOM")
    with pytest.raises(DistiliqaError, match="1 of 2 selected series is not there any more"):
        exported(job, model)
    (tmp_path / "scan" / "b" / "1.dcm").unlink()
    with pytest.raises(DistiliqaError, match="is not there any more; score it again"):
        selected(tmp_path / "own", results)


def test_a_model_that_did_not_score_is_named(tmp_path: Path, model: Model):
    results = write_results(write_version(tmp_path / "a", 40.0), tmp_path / "results", model)
    label = selected(tmp_path / "own", results).label  # the server has the shipped model
    assert label.startswith("report of 1 selected series, scored again by compact ")
    assert label.endswith(f" and not by {model.title}")
    settings = ScoringSettings(str(model.folder))
    workspace = Workspace(tmp_path / "own", classify([results]), settings)
    keys = [one.series.key for one in workspace.listed()]
    assert workspace.add_export(keys, pdf=False, sr=False).label == "report of 1 selected series"
