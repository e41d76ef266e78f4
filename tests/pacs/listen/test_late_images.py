"""Images that come later, or again, and the reports that replace others."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from tests.support.late_series import by_uid, come_late, predecessors, report_in, waiting

from distiliqa.pacs.listen.outbox import Outbox
from distiliqa.pacs.listen.scorer import Scorer
from distiliqa.pacs.results.earlier_reports import read_scores


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


def test_a_report_replaces_none_of_another_series_with_the_same_short_hash(
    scorer: Scorer, series: Path, late: Path, write_series: Callable[..., Path]
):
    by_uid(series)
    scorer.score(series)
    first = report_in(scorer.results / "ab12")
    folder = series.with_name("ab12-2")
    other = write_series(folder, 2, SeriesInstanceUID="1.2.9", PatientID="P2")
    by_uid(other)
    scorer.score(other)
    second = report_in(scorer.results / "ab12-2")
    assert second.CompletionFlag == "COMPLETE"
    assert "PredecessorDocumentsSequence" not in second
    scorer.score(Path(shutil.copytree(late, series.with_name("ab12-3"))))
    assert predecessors(report_in(scorer.results / "ab12-3")) == [first.SOPInstanceUID]


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
