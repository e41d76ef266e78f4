"""Dose reports that come before or after the images of their study."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from pydicom import Dataset, dcmread
from tests.support.dose_reports import STUDY, dose_event, write_dose_report
from tests.support.late_series import by_uid, predecessors, report_in

from distiliqa.pacs.listen.queue import Queue
from distiliqa.pacs.listen.scorer import Scorer
from distiliqa.report.names import short_hash

SERIES = "1.2.826.0.1.3680043.8.498.2"  # of tests.support.slices


def put_report(scorer: Scorer, tmp_path: Path, *events: Dataset) -> None:
    scorer.doses.put(STUDY, "1.2.9", write_dose_report(tmp_path / "dose" / "r.dcm", *events))


def dose_of(results: Path) -> list[float]:
    series = json.loads((results / "scores.json").read_text())["series"]
    return [one["dose"]["event"]["dlp_mgy_cm"] for one in series if one["dose"]["event"]]


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
