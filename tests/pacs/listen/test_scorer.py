from __future__ import annotations

import errno
import json
import logging
import os
import shutil
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from tests.support.dose_reports import STUDY, dose_event, write_dose_report

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.listen import scorer as scorer_module
from distiliqa.pacs.listen.outbox import Outbox
from distiliqa.pacs.listen.queue import Queue
from distiliqa.pacs.listen.received_doses import ReceivedDoses
from distiliqa.pacs.listen.scorer import Scorer
from distiliqa.pacs.results.earlier import read_scores
from distiliqa.report.names import short_hash
from distiliqa.scoring.inputs import Found
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.result import ScoringRun

SERIES = "1.2.826.0.1.3680043.8.498.2"  # of tests.support.slices


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox", lambda path: None)


@pytest.fixture
def scorer(tmp_path: Path, tiny_model: Path, outbox: Outbox) -> Scorer:
    return Scorer(tmp_path, load_model(tiny_model), outbox, ReceivedDoses(tmp_path / "doses"))


@pytest.fixture
def series(write_series: Callable[..., Path], tmp_path: Path) -> Path:
    return write_series(tmp_path / "complete" / "ab12", 3, PatientName="Doe^Jane")


def waiting(outbox: Outbox) -> list[str]:
    return sorted(path.name for path in outbox.folder.iterdir())


def test_a_series_becomes_results_and_a_report_to_send(
    scorer: Scorer, outbox: Outbox, series: Path, caplog: pytest.LogCaptureFixture
):
    with caplog.at_level(logging.INFO):
        scorer.score(series)
    results = scorer.results / "ab12"
    names = {path.name for path in results.iterdir()}
    assert names == {"report.html", "scores.csv", "series.csv", "scores.json", "run.json", "sr"}
    assert waiting(outbox) == ["ab12_1.dcm"]
    assert len(read_scores(outbox.folder / "ab12_1.dcm")) == 3
    assert not series.exists()
    assert scorer.has("ab12")
    (line,) = (record.message for record in caplog.records if record.name.startswith("distiliqa"))
    assert line.startswith("ab12: scored 3 of 3 slices: ")


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps such rights elsewhere")
def test_what_names_patients_is_for_its_owner(scorer: Scorer, outbox: Outbox, series: Path):
    scorer.score(series)
    Queue(scorer.results.parent / "queue", scorer.has)
    queue, reports = scorer.results.parent / "queue", scorer.results / "ab12" / "sr"
    for folder in (queue, outbox.folder, scorer.scored, scorer.failed, reports):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_report_has_heatmaps_where_the_model_has_them(
    scorer: Scorer, series: Path, monkeypatch: pytest.MonkeyPatch
):
    asked: list[bool] = []
    score_inputs = scorer_module.score_inputs

    def score(found: Found, model: Model, *, keep_heatmaps: bool, **_: object) -> ScoringRun:
        asked.append(keep_heatmaps)
        return score_inputs(found, model)

    monkeypatch.setattr(scorer_module, "score_inputs", score)
    scorer.score(series)
    assert asked == [True]


def test_a_crash_before_the_report_waits_costs_nothing(
    scorer: Scorer, outbox: Outbox, series: Path, monkeypatch: pytest.MonkeyPatch
):
    """Neither the scores nor the report are made twice, so the report keeps its UID."""
    put = outbox.put
    monkeypatch.setattr(outbox, "put", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        scorer.score(series)
    assert series.exists()
    (report,) = (scorer.results / "ab12" / "sr").iterdir()
    made = report.read_bytes()
    monkeypatch.setattr(outbox, "put", put)
    scorer.score(series)
    assert (outbox.folder / "ab12_1.dcm").read_bytes() == made
    assert not series.exists()


def test_what_a_crash_left_half_is_made_again(scorer: Scorer, outbox: Outbox, series: Path):
    half = scorer.results / ".ab12.part"
    (half / "sr").mkdir(parents=True)
    (half / "sr" / "old.dcm").write_bytes(b"old")
    scorer.score(series)
    assert len(waiting(outbox)) == 1
    assert [path.name for path in scorer.results.iterdir()] == ["ab12"]


@pytest.mark.parametrize("what", ["report", "write_sr"])
def test_a_full_disk_leaves_the_series_to_be_scored_again(
    scorer: Scorer, outbox: Outbox, series: Path, monkeypatch: pytest.MonkeyPatch, what: str
):
    def full(*_: object, **__: object) -> None:
        cause = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        raise DistiliqaError("cannot be written") from cause

    with monkeypatch.context() as patch:
        patch.setattr(scorer_module, what, full)
        with pytest.raises(DistiliqaError):
            scorer.score(series)
    assert len(list(series.iterdir())) == 3
    assert not scorer.has("ab12")
    scorer.score(series)
    assert waiting(outbox) == ["ab12_1.dcm"]


def test_images_of_which_some_failed_are_kept(scorer: Scorer, outbox: Outbox, series: Path):
    damaged = series / "1.dcm"
    damaged.write_bytes(damaged.read_bytes()[:2000])
    scorer.score(series)
    assert len(list((scorer.failed / "ab12").iterdir())) == 3
    report = outbox.folder / waiting(outbox)[0]
    assert len(read_scores(report)) == 2
    assert dcmread(report).CompletionFlag == "PARTIAL"


def test_images_of_which_all_failed_are_kept(scorer: Scorer, outbox: Outbox, series: Path):
    for path in series.iterdir():
        path.write_bytes(path.read_bytes()[:2000])
    scorer.score(series)
    assert len(list((scorer.failed / "ab12").iterdir())) == 3
    assert waiting(outbox) == []
    assert scorer.has("ab12")


def come_late(scorer: Scorer, late: Path, name: str) -> Path:
    """Score a late image, with what is kept of its series; the folder of its results."""
    series = late.parents[1] / "complete" / name
    shutil.copytree(late, series)
    for kept in (path for path in scorer.scored.iterdir() if path.name.startswith("ab12")):
        for image in kept.iterdir():
            image.rename(series / image.name)
        kept.rmdir()
    scorer.score(series)
    return scorer.results / name


@pytest.fixture
def late(write_ct: Callable[..., Path], tmp_path: Path) -> Path:
    """A folder of one more image of `series`, named by its SOP Instance UID as all in a queue."""
    place = {"ImagePositionPatient": [-100, -100, 30], "PatientName": "Doe^Jane"}
    path = write_ct(tmp_path / "late" / "9.dcm", np.zeros((64, 64)), **place)
    by_uid(path.parent)
    return path.parent


def by_uid(folder: Path) -> None:
    for path in list(folder.iterdir()):
        path.rename(folder / f"{dcmread(path).SOPInstanceUID}.dcm")


def report_in(results: Path) -> Dataset:
    (report,) = (results / "sr").iterdir()
    return dcmread(report)


def predecessors(report: Dataset) -> list[str]:
    return [
        item.ReferencedSOPInstanceUID
        for study in report.PredecessorDocumentsSequence
        for series in study.ReferencedSeriesSequence
        for item in series.ReferencedSOPSequence
    ]


def test_a_series_that_goes_on_has_a_whole_report_that_replaces_the_first(
    scorer: Scorer, series: Path, late: Path, dicom_errors: Callable[[Path], list[str]]
):
    by_uid(series)
    scorer.score(series)
    first = report_in(scorer.results / "ab12")
    results = come_late(scorer, late, "ab12-2")
    (path,) = (results / "sr").iterdir()
    report = dcmread(path)
    assert len(read_scores(path)) == 4
    assert report.CompletionFlag == "COMPLETE"
    assert predecessors(report) == [first.SOPInstanceUID]
    assert "PredecessorDocumentsSequence" not in first
    assert dicom_errors(path) == []


def test_a_late_image_whose_series_is_kept_no_more_makes_a_partial_report(
    scorer: Scorer, series: Path, late: Path, caplog: pytest.LogCaptureFixture
):
    by_uid(series)
    scorer.score(series)
    for kept in scorer.scored.iterdir():
        os.utime(kept, (0, 0))
    scorer.remove_old_images()
    with caplog.at_level(logging.INFO):
        results = come_late(scorer, late, "ab12-2")
    report = report_in(results)
    assert report.CompletionFlag == "PARTIAL"
    assert predecessors(report) == [report_in(scorer.results / "ab12").SOPInstanceUID]
    assert any(line.startswith("ab12-2: scored 1 of 4 slices") for line in caplog.messages)


def put_report(scorer: Scorer, tmp_path: Path, *events: Dataset) -> None:
    scorer.doses.put(STUDY, "1.2.9", write_dose_report(tmp_path / "dose" / "r.dcm", *events))


def dose_of(results: Path) -> list[float]:
    series = json.loads((results / "scores.json").read_text())["series"]
    return [one["dose"]["event"]["dlp_mgy_cm"] for one in series if one["dose"]["event"]]


@pytest.fixture
def queue(scorer: Scorer, tmp_path: Path) -> Queue:
    return Queue(tmp_path, scorer.has, (scorer.scored, scorer.failed))


@pytest.fixture
def of_an_event(write_series: Callable[..., Path], queue: Queue) -> Path:
    """A complete series of the event 1.2.3.4."""
    path = write_series(queue.complete / short_hash(SERIES), 3, IrradiationEventUID="1.2.3.4")
    by_uid(path)
    return path


def test_a_series_has_the_dose_of_the_report_that_came_before_it(
    scorer: Scorer, of_an_event: Path, tmp_path: Path
):
    put_report(scorer, tmp_path, dose_event("1.2.3.4"), dose_event("1.2.3.5", dlp=100))
    scorer.score(of_an_event)
    results = scorer.results / of_an_event.name
    assert dose_of(results) == [420]
    assert json.loads((results / "run.json").read_text())["unmatched_events"] == []


def test_a_report_that_comes_later_lets_the_series_be_scored_once_more(
    scorer: Scorer, queue: Queue, of_an_event: Path, tmp_path: Path
):
    name = of_an_event.name
    scorer.score(of_an_event)
    scorer.ask_for_doses(queue)
    assert (dose_of(scorer.results / name), queue.take_complete(0)) == ([], [])
    put_report(scorer, tmp_path, dose_event("1.2.3.4"))
    scorer.ask_for_doses(queue)
    (again,) = queue.take_complete(0)
    scorer.score(again)
    assert dose_of(scorer.results / f"{name}-2") == [420]
    (first,) = (dcmread(path) for path in (scorer.results / name / "sr").iterdir())
    assert predecessors(report_in(scorer.results / f"{name}-2")) == [first.SOPInstanceUID]
    put_report(scorer, tmp_path, dose_event("1.2.3.4"))
    scorer.ask_for_doses(queue)
    assert queue.take_complete(0) == []


def test_a_report_of_other_events_lets_nothing_be_scored_again(
    scorer: Scorer, queue: Queue, of_an_event: Path, tmp_path: Path
):
    scorer.score(of_an_event)
    put_report(scorer, tmp_path, dose_event("1.2.3.5"))
    scorer.ask_for_doses(queue)
    assert queue.take_complete(0) == []


def test_a_series_whose_images_are_gone_is_not_scored_again(
    scorer: Scorer, queue: Queue, of_an_event: Path
):
    scorer.score(of_an_event)
    queue.ask_again(SERIES)
    shutil.rmtree(scorer.scored / of_an_event.name)
    assert queue.take_complete(0) == []
    assert list(queue.arriving.iterdir()) == []


def test_a_third_report_replaces_the_second(
    scorer: Scorer, series: Path, late: Path, write_ct: Callable[..., Path]
):
    by_uid(series)
    scorer.score(series)
    second = report_in(come_late(scorer, late, "ab12-2"))
    place = {"ImagePositionPatient": [-100, -100, 40], "PatientName": "Doe^Jane"}
    write_ct(late / "10.dcm", np.zeros((64, 64)), **place)
    by_uid(late)
    third = report_in(come_late(scorer, late, "ab12-3"))
    assert predecessors(third) == [second.SOPInstanceUID]
    assert third.CompletionFlag == "COMPLETE"


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("is_kept", [True, False])
def test_images_that_are_sent_again_add_no_report(
    scorer: Scorer,
    outbox: Outbox,
    series: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    count: int,
    is_kept: bool,
):
    by_uid(series)
    again = Path(shutil.copytree(series, tmp_path / "again" / "late"))
    for path in sorted(again.iterdir())[count:]:
        path.unlink()
    scorer.score(series)
    if not is_kept:
        shutil.rmtree(scorer.scored / "ab12")
    with caplog.at_level(logging.INFO):
        results = come_late(scorer, again, "ab12-2")
    assert not results.exists()
    assert waiting(outbox) == ["ab12_1.dcm"]
    assert [path.name for path in scorer.scored.iterdir()] == ["ab12-2"]
    assert caplog.messages[-1] == "ab12-2: sent again without a change, the earlier report stays"


def test_images_that_are_sent_again_are_scored_by_another_model(
    scorer: Scorer, series: Path, tmp_path: Path
):
    by_uid(series)
    again = Path(shutil.copytree(series, tmp_path / "again" / "late"))
    scorer.score(series)
    model = scorer.model
    files = dict.fromkeys(model.config.files, "0" * 64)
    scorer.model = replace(model, config=replace(model.config, files=files))
    assert len(list((come_late(scorer, again, "ab12-2") / "sr").iterdir())) == 1


def test_an_image_that_is_sent_again_and_has_changed_makes_a_report(
    scorer: Scorer, series: Path, tmp_path: Path
):
    by_uid(series)
    again = Path(shutil.copytree(series, tmp_path / "again" / "late"))
    scorer.score(series)
    shutil.rmtree(scorer.scored / "ab12")
    path = min(again.iterdir())
    image = dcmread(path)
    image.PixelData = (image.pixel_array + np.eye(64, dtype=np.int16) * 400).tobytes()
    image.save_as(path)
    assert len(list((come_late(scorer, again, "ab12-2") / "sr").iterdir())) == 1


def test_a_damaged_image_makes_the_report_partial_once(
    scorer: Scorer, outbox: Outbox, series: Path, late: Path
):
    by_uid(series)
    scorer.score(series)
    (damaged,) = late.iterdir()
    damaged.write_bytes(damaged.read_bytes()[:2000])
    assert report_in(come_late(scorer, late, "ab12-2")).CompletionFlag == "PARTIAL"
    assert not come_late(scorer, late, "ab12-3").exists()
    assert len(waiting(outbox)) == 2
    assert len(list((scorer.failed / "ab12-3").iterdir())) == 1


def test_images_are_kept_for_a_while_unless_the_disk_is_full(
    scorer: Scorer, series: Path, monkeypatch: pytest.MonkeyPatch
):
    scorer.score(series)
    scorer.remove_old_images()
    (kept,) = scorer.scored.iterdir()
    assert len(list(kept.iterdir())) == 3
    monkeypatch.setattr(scorer_module, "MIN_FREE_BYTES", 1 << 60)
    scorer.remove_old_images()
    assert list(scorer.scored.iterdir()) == []


def test_localizers_are_no_failure(
    scorer: Scorer,
    outbox: Outbox,
    series: Path,
    write_series: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
):
    shutil.rmtree(series)
    write_series(series, 1, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    scorer.score(series)
    assert caplog.messages == ["ab12: not scored: no axial CT slice in it"]
    assert not series.exists()
    assert not scorer.has("ab12")


def test_a_series_of_two_patients_has_scores_but_no_report(
    scorer: Scorer,
    outbox: Outbox,
    series: Path,
    write_series: Callable[..., Path],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
):
    other = write_series(tmp_path / "other", 1, PatientID="P2", PatientName="Roe^Richard")
    shutil.copy(other / "0.dcm", series / "other.dcm")
    scorer.score(series)
    assert waiting(outbox) == []
    assert (scorer.results / "ab12" / "scores.csv").exists()
    (line,) = caplog.messages
    assert line.endswith(": no structured report can be made of it")


def test_without_an_outbox_the_report_stays_with_the_results(
    tmp_path: Path, tiny_model: Path, series: Path
):
    scorer = Scorer(tmp_path, load_model(tiny_model), None, ReceivedDoses(tmp_path / "doses"))
    scorer.score(series)
    assert len(list((scorer.results / "ab12" / "sr").iterdir())) == 1
