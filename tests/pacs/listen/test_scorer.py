"""Series that came whole: their results, and what is kept when something fails."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import dcmread
from tests.support.disks import full_disk
from tests.support.late_series import waiting

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.listen import scorer as scorer_module
from distiliqa.pacs.listen.outbox import Outbox
from distiliqa.pacs.listen.queue import Queue
from distiliqa.pacs.listen.received_doses import ReceivedDoses
from distiliqa.pacs.listen.scorer import Scorer
from distiliqa.pacs.results.earlier_reports import read_scores
from distiliqa.scoring.inputs import Found
from distiliqa.scoring.model import Model, load_model
from distiliqa.scoring.result import ScoringRun


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


@pytest.mark.parametrize("left", [b"", b"{", b"[]", b"{}", None])
def test_results_that_a_power_failure_emptied_are_made_again(
    scorer: Scorer, outbox: Outbox, series: Path, left: bytes | None
):
    damaged = scorer.results / "ab12"
    (damaged / "sr").mkdir(parents=True)
    (damaged / "sr" / "empty.dcm").touch()
    if left is not None:
        (damaged / "run.json").write_bytes(left)
    scorer.score(series)
    assert waiting(outbox) == ["ab12_1.dcm"]
    assert len(read_scores(outbox.folder / "ab12_1.dcm")) == 3
    assert (damaged / "report.html").exists()
    assert not series.exists()


def test_results_have_their_name_once_they_are_on_the_disk(
    scorer: Scorer, series: Path, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_disk)
        with pytest.raises(DistiliqaError, match="No space left"):
            scorer.score(series)
    assert not scorer.has("ab12")
    assert series.exists()
    scorer.score(series)
    assert scorer.has("ab12")


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
