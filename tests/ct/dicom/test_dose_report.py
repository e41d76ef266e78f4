from __future__ import annotations

import hashlib

import pydicom
import pytest
from highdicom import sr
from pydicom.uid import PatientRadiationDoseSRStorage, RadiopharmaceuticalRadiationDoseSRStorage
from tests.support.dose_reports import (
    STUDY,
    content,
    dose_event,
    event_summary,
    measured,
    write_dose_report,
    write_enhanced_report,
)

from distiliqa.ct import DoseEvent, Problem, index_ct, read_dose_report
from distiliqa.ct.dose_events import DoseCheck
from distiliqa.errors import CTReadError, NotCTError


def test_an_event_has_the_values_of_its_containers(tmp_path):
    path = write_dose_report(tmp_path / "r.dcm", dose_event(), dose_event("1.2.3.5", phantom=16))
    report = read_dose_report(path)
    assert report.path == str(path)
    assert report.events[0] == DoseEvent(
        1,
        STUDY,
        "1.2.3.4",
        ctdivol_mgy=10.5,
        ctdi_phantom="113691",
        ctdi_phantom_cm=32,
        dlp_mgy_cm=420,
        length_mm=400,
        pitch=0.984,
        modulation="XYZ_EC",
        acquisition_type="Spiral Acquisition",
        target_region="Chest",
        protocol="5.2 CHEST of Doe",
    )
    assert (report.events[1].number, report.events[1].ctdi_phantom_cm) == (2, 16)
    assert report.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_another_library_reads_the_reports_of_these_tests(tmp_path):
    dataset = pydicom.dcmread(write_dose_report(tmp_path / "r.dcm", dose_event()))
    tree = sr.ContainerContentItem.from_dataset(dataset)
    event = next(item for item in tree.ContentSequence if item.name.value == "113819")
    dose = next(item for item in event.ContentSequence if item.name.value == "113829")
    numbers = {
        item.name.value: item.value for item in dose.ContentSequence if hasattr(item, "unit")
    }
    assert numbers == {"113830": 10.5, "113838": 420}


def test_an_event_prints_no_uid_and_no_protocol(tmp_path):
    shown = repr(read_dose_report(write_dose_report(tmp_path / "r.dcm", dose_event())).events)
    assert [secret for secret in (STUDY, "1.2.3.4", "Doe") if secret in shown] == []


@pytest.mark.parametrize(
    ("changed", "missing", "problem"),
    [
        ({"dlp_unit": "Gy.cm"}, {"dlp_mgy_cm"}, "DLP is in Gy.cm, not in mGy.cm: not used"),
        ({"ctdivol": 2e4}, {"ctdivol_mgy"}, "CTDIvol is 20000 in the dose report: not used"),
        ({"dlp": 1.2e308}, {"dlp_mgy_cm"}, "DLP is 1.2e+308 in the dose report: not used"),
        ({"ctdivol": 0}, {"ctdivol_mgy"}, "CTDIvol is 0 in the dose report: not used"),
        ({"dlp": None}, {"dlp_mgy_cm"}, "the dose report states no DLP"),
        ({"with_phantom": False}, {"ctdi_phantom_cm"}, "the dose report states no CTDI phantom"),
        (
            {"phantom": None},
            {"ctdivol_mgy", "dlp_mgy_cm", "ctdi_phantom_cm"},
            "the CTDI phantom is NEMA XR21-2000 Phantom, not of 16 or 32 cm: dose not used",
        ),
    ],
)
def test_a_value_that_cannot_be_used_is_missing_with_its_reason(
    tmp_path, changed, missing, problem
):
    (event,) = read_dose_report(write_dose_report(tmp_path / "r", dose_event(**changed))).events
    names = ("ctdivol_mgy", "dlp_mgy_cm", "ctdi_phantom_cm", "length_mm")
    assert {name for name in names if getattr(event, name) is None} == missing
    assert event.problems == (problem,)


def test_an_event_that_states_two_doses_has_none(tmp_path):
    container = dose_event()
    container.ContentSequence.append(measured("113838", "DLP", 421, "mGy.cm"))
    (event,) = read_dose_report(write_dose_report(tmp_path / "r", container)).events
    assert event.dlp_mgy_cm is None
    assert event.problems == ("the dose report states several values of DLP: not used",)


def test_the_dose_check_names_the_limits_that_were_exceeded(tmp_path):
    notification = [
        measured("113911", "DLP Notification Value", 400, "mGy.cm"),
        measured("113913", "DLP Forward Estimate", 430, "mGy.cm"),
    ]
    alert = [
        measured("113904", "CTDIvol Alert Value", 1000, "mGy"),
        measured("113906", "Accumulated CTDIvol Forward Estimate", 12, "mGy"),
    ]
    checks = [
        content(
            "CONTAINER", "113908", "Dose Check Notification Details", ContentSequence=notification
        ),
        content("CONTAINER", "113900", "Dose Check Alert Details", ContentSequence=alert),
    ]
    path = write_dose_report(tmp_path / "r", dose_event(checks=checks))
    check = read_dose_report(path).events[0].dose_check
    assert check == DoseCheck(
        dlp_notification_mgy_cm=400,
        dlp_estimate_mgy_cm=430,
        ctdivol_alert_mgy=1000,
        ctdivol_accumulated_mgy=12,
    )
    assert check.exceeded == ("DLP notification",)


def test_a_report_beside_the_images_is_handed_on_and_fails_nothing(tmp_path, write_series):
    write_series(tmp_path / "study", 2)
    path = write_dose_report(tmp_path / "study" / "report.dcm", dose_event())
    index = index_ct(tmp_path / "study")
    assert (len(index.slices), index.failed) == (2, ())
    assert index.left_out == (Problem(str(path), "no image in it, a radiation dose report"),)
    assert index.dose_reports == (read_dose_report(path),)


def test_a_damaged_report_beside_the_images_costs_only_itself(tmp_path, write_series):
    write_series(tmp_path, 2)
    path = write_dose_report(tmp_path / "report.dcm")
    index = index_ct(tmp_path)
    assert (len(index.slices), index.failed, index.dose_reports) == (2, (), ())
    (problem,) = index.left_out
    assert problem.path == str(path)
    assert problem.reason.startswith("no image in it, and a dose report without an irradiation")


def test_a_report_alone_is_no_ct(tmp_path):
    path = write_dose_report(tmp_path / "report.dcm", dose_event())
    with pytest.raises(NotCTError, match="a radiation dose report; give the CT series too"):
        index_ct(path)
    with pytest.raises(CTReadError, match="no CT slice that can be read"):
        index_ct(tmp_path)


def test_a_report_of_another_class_is_known_by_its_title(tmp_path):
    enhanced = {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.88.22"}
    path = write_dose_report(tmp_path / "r.dcm", dose_event(), **enhanced)
    assert len(read_dose_report(path).events) == 1


def test_the_events_of_an_enhanced_report_are_those_with_a_dose_of_ct(tmp_path):
    projection = event_summary("1.2.3.5", ctdivol=None, dlp=None)
    path = write_enhanced_report(tmp_path / "r.dcm", event_summary(), projection)
    (event,) = read_dose_report(path).events
    assert (event.number, event.study_uid, event.event_uid) == (1, STUDY, "1.2.3.4")
    assert (event.ctdivol_mgy, event.dlp_mgy_cm, event.ctdi_phantom_cm) == (10.5, 420, 32)
    assert event.problems == ()


def test_the_doses_of_two_sources_are_not_that_of_the_event(tmp_path):
    both = [event_summary(ctdivol=5.0, source=source) for source in "12"]
    path = write_enhanced_report(tmp_path / "r.dcm", *both, event_summary("1.2.3.5"))
    *apart, whole = read_dose_report(path).events
    assert {(event.ctdivol_mgy, event.dlp_mgy_cm) for event in apart} == {(None, None)}
    assert apart[0].problems == (
        "the dose report states the event several times, by X-ray source: dose not used",
    )
    assert whole.ctdivol_mgy == 10.5


def test_an_enhanced_report_without_a_dose_of_ct_is_named(tmp_path, write_series):
    summary = event_summary(ctdivol=None, dlp=None)
    path = write_enhanced_report(tmp_path / "r.dcm", summary)
    with pytest.raises(CTReadError, match=r"a kind that is not read \(Enhanced X-Ray Radiation Do"):
        read_dose_report(path)
    write_series(tmp_path, 2)
    index = index_ct(tmp_path)
    assert (len(index.slices), index.failed, index.dose_reports) == (2, (), ())
    (problem,) = index.left_out
    assert "a dose report of a kind that is not read (Enhanced X-Ray Radiation" in problem.reason


@pytest.mark.parametrize(
    ("sop_class", "name"),
    [
        (PatientRadiationDoseSRStorage, "Patient Radiation Dose SR"),
        (RadiopharmaceuticalRadiationDoseSRStorage, "Radiopharmaceutical Radiation Dose SR"),
    ],
)
def test_dose_reports_of_other_kinds_are_named(tmp_path, write_series, sop_class, name):
    write_dose_report(tmp_path / "r.dcm", dose_event(), SOPClassUID=sop_class)
    write_series(tmp_path, 2)
    index = index_ct(tmp_path)
    assert (index.failed, index.dose_reports) == ((), ())
    (problem,) = index.left_out
    assert f"a dose report of a kind that is not read ({name})" in problem.reason


def test_what_is_no_dose_report_is_an_error(tmp_path, write_ct, body):
    with pytest.raises(CTReadError, match=r"not a radiation dose report \(CT Image\)"):
        read_dose_report(write_ct(tmp_path / "a.dcm", body))
    (tmp_path / "text").write_text("text")
    with pytest.raises(CTReadError, match="not a DICOM file; give a radiation dose report"):
        read_dose_report(tmp_path / "text")
    with pytest.raises(CTReadError, match="no such file; check the path"):
        read_dose_report(tmp_path / "nothing")


def test_a_report_that_is_cut_short_is_an_error_or_has_fewer_values(tmp_path):
    whole = write_dose_report(tmp_path / "r.dcm", dose_event()).read_bytes()
    path, sizes, read = tmp_path / "cut.dcm", range(400, len(whole), 97), 0
    for size in sizes:
        path.write_bytes(whole[:size])
        try:
            (event,) = read_dose_report(path).events
        except CTReadError:
            continue
        read += 1
        assert event.dlp_mgy_cm in (None, 420)
    assert 0 < read < len(sizes)


def test_a_file_too_large_for_a_report_is_not_read(tmp_path):
    path = write_dose_report(tmp_path / "r.dcm", dose_event())
    with path.open("r+b") as file:
        file.truncate((1 << 26) + 1)
    with pytest.raises(CTReadError, match="larger than 64 MiB"):
        read_dose_report(path)
