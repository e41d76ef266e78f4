from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.support.dose_reports import (
    dose_event,
    event_summary,
    write_dose_report,
    write_enhanced_report,
)
from tests.support.fake_pacs import MULTIPART, FakePacs, multipart, uid_of
from tests.support.orthanc import PASSWORD, USER, Orthanc

from distiliqa.pacs.dicomweb.client import Server
from distiliqa.pacs.dicomweb.credentials import Credentials
from distiliqa.pacs.dicomweb.dose_reports import download_dose_reports
from distiliqa.pacs.dicomweb.study import Study
from distiliqa.pacs.retry import Retries

UID = "1.2.826.0.1.3680043.8.498.1"


@pytest.fixture
def study(fake_pacs: FakePacs) -> Study:
    retries = Retries(attempts=2, first_wait_s=0.01)
    return Study(Server(fake_pacs.url, Credentials(), retries=retries), UID)


@pytest.fixture
def report(fake_pacs: FakePacs, tmp_path: Path) -> Path:
    """A dose report, beside a report of another kind and an image that nobody asked for."""
    path = write_dose_report(tmp_path / "dose.dcm", dose_event())
    other = write_dose_report(tmp_path / "other.dcm", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33")
    fake_pacs.reports = [other, *fake_pacs.series["1.2.4"][:1], path]
    return path


def test_a_dose_report_of_the_study_is_named_by_its_url(study: Study, report: Path, tmp_path: Path):
    found = study.download(tmp_path / "out").find()
    (read,) = found.index.dose_reports
    assert read.path == f"{study.url}/series/{UID}.9/instances/{uid_of(report)}"
    assert [event.ctdivol_mgy for event in read.events] == [10.5]
    assert len(found.index.slices) == 4
    assert found.index.failed == found.index.left_out == ()


def test_the_server_is_asked_for_each_sop_class_of_reports(
    study: Study, fake_pacs: FakePacs, tmp_path: Path, report: Path
):
    enhanced = write_enhanced_report(tmp_path / "enhanced.dcm", event_summary())
    fake_pacs.reports = [*fake_pacs.reports, enhanced]
    download_dose_reports(study.server, UID, tmp_path / "out")
    asked = [place for place in fake_pacs.seen if f"/studies/{UID}/instances" in place]
    kinds = [place.partition("SOPClassUID=")[2].partition("&")[0] for place in asked]
    assert list(dict.fromkeys(kinds)) == [f"1.2.840.10008.5.1.4.1.1.88.{kind}" for kind in (67, 76)]
    fetched = [place for place in fake_pacs.seen if "instances/" in place]
    assert [place.rpartition("/")[2] for place in fetched] == [uid_of(report), uid_of(enhanced)]


def _lost(pacs: FakePacs, uid: str) -> str:
    pacs.lost[uid] = 404
    return "answers 404"


def _damaged(pacs: FakePacs, uid: str) -> str:
    content = pacs.content(uid).replace(b"113819", b"113818")
    pacs.bodies[uid] = MULTIPART, multipart(content)
    return "a dose report without an irradiation event of CT"


def _cannot_search(pacs: FakePacs, uid: str) -> str:
    pacs.finds_reports = False
    return "no dose report was found: answers 404"


@pytest.mark.parametrize("failing", [_lost, _damaged, _cannot_search])
def test_a_report_that_cannot_be_had_costs_no_slice(
    study: Study,
    fake_pacs: FakePacs,
    report: Path,
    tmp_path: Path,
    failing: Callable[[FakePacs, str], str],
):
    words = failing(fake_pacs, uid_of(report))
    found = study.download(tmp_path / "out").find()
    assert (len(found.index.slices), found.index.failed) == (4, ())
    assert found.index.dose_reports == ()
    (problem,) = found.index.left_out
    assert problem.path.startswith(study.url)
    assert words in problem.reason
    assert str(tmp_path) not in problem.path + problem.reason


@pytest.mark.filterwarnings("ignore:Invalid value for VR UI")
def test_a_series_uid_that_is_no_uid_is_no_path(study: Study, fake_pacs: FakePacs, tmp_path: Path):
    path = write_dose_report(tmp_path / "dose.dcm", dose_event(), SeriesInstanceUID="../../1.2")
    fake_pacs.reports = [path]
    found = download_dose_reports(study.server, UID, tmp_path / "a" / "out")
    assert found.reports == ()
    assert "not a valid UID" in found.problems[0].reason
    assert not (tmp_path / "a").exists()


def test_a_real_server_gives_the_dose_reports_of_its_study(
    orthanc: Orthanc, write_series: Callable[..., Path], tmp_path: Path
):
    folder = write_series(tmp_path / "in", 2)
    write_dose_report(folder / "dose.dcm", dose_event())
    orthanc.push(folder)
    study = Study(Server(orthanc.url, Credentials(USER, PASSWORD)), UID)
    found = study.download(tmp_path / "out").find()
    assert [len(report.events) for report in found.index.dose_reports] == [1]
    assert (len(found.index.slices), found.index.failed) == (2, ())
