from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.dose_reports import STUDY, dose_event, event_summary, write_dose_report
from tests.support.dose_reports import write_enhanced_report as write_enhanced

from distiliqa.ct import index_ct
from distiliqa.errors import DistiliqaError
from distiliqa.pacs.listen.received_doses import ReceivedDoses
from distiliqa.report.names import short_hash


@pytest.fixture
def doses(tmp_path: Path) -> ReceivedDoses:
    return ReceivedDoses(tmp_path / "doses")


def put(doses: ReceivedDoses, report: Path, instance: str = "1.2", study: str = STUDY) -> None:
    received = report.with_name("received")
    shutil.copy(report, received)
    doses.put(study, instance, received)


def test_reports_of_both_kinds_wait_for_their_study(doses: ReceivedDoses, tmp_path: Path):
    put(doses, write_dose_report(tmp_path / "a.dcm", dose_event("1.2.3")), "1.2")
    put(doses, write_enhanced(tmp_path / "b.dcm", event_summary("1.2.4")), "1.3")
    assert [event.event_uid for event in doses.events_of(STUDY)] == ["1.2.3", "1.2.4"]
    assert doses.of("1.2.5") == []


def test_a_study_is_new_once_and_after_a_new_start(doses: ReceivedDoses, tmp_path: Path):
    put(doses, write_dose_report(tmp_path / "a.dcm", dose_event()))
    assert (doses.take_new(), doses.take_new()) == ({STUDY}, set())
    doses.put_back({STUDY})
    assert doses.take_new() == {STUDY}
    assert ReceivedDoses(doses.folder).take_new() == {STUDY}


def test_images_get_the_events_that_made_them(
    doses: ReceivedDoses, tmp_path: Path, write_series: Callable[..., Path]
):
    index = index_ct(write_series(tmp_path / "images", 2, IrradiationEventUID="1.2.3"))
    events = dose_event("1.2.3"), dose_event("1.2.4")
    put(doses, write_dose_report(tmp_path / "a.dcm", *events))
    (report,) = doses.of_images(index)
    assert [event.event_uid for event in report.events] == ["1.2.3"]
    other = index_ct(write_series(tmp_path / "other", 2, IrradiationEventUID="1.2.5"))
    (report,) = doses.of_images(other)
    assert len(report.events) == 2  # none of them is its own: the reason is that of the report


def test_a_damaged_report_is_logged_without_a_uid(
    doses: ReceivedDoses, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    put(doses, write_dose_report(tmp_path / "a.dcm"))
    assert doses.of(STUDY) == []
    (line,) = caplog.messages
    assert line.startswith(f"study {short_hash(STUDY)}: no dose from a dose report: a dose report")
    assert STUDY not in line


def test_old_reports_are_removed(doses: ReceivedDoses, tmp_path: Path):
    report = write_dose_report(tmp_path / "a.dcm", dose_event())
    put(doses, report)
    put(doses, report, study="1.2.9")
    os.utime(doses.folder / "1.2.9", (0, 0))
    doses.remove_old()
    assert [path.name for path in doses.folder.iterdir()] == [STUDY]


def test_what_is_no_uid_is_refused(doses: ReceivedDoses, tmp_path: Path):
    report = write_dose_report(tmp_path / "a.dcm", dose_event())
    with pytest.raises(DistiliqaError):
        put(doses, report, study="../../out")
    assert list(doses.folder.iterdir()) == []
