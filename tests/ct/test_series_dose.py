from __future__ import annotations

from dataclasses import replace

import pytest

from distiliqa.ct import Acquisition, DoseEvent, DoseReport, SliceInfo, join_doses
from distiliqa.ct.dose_events import DoseCheck
from distiliqa.ct.series_dose import NO_REPORT, SeriesDose

EVENT = DoseEvent(
    1,
    "1.1",
    "1.1.7",
    ctdivol_mgy=10.0,
    ctdi_phantom="113691",
    ctdi_phantom_cm=32,
    dlp_mgy_cm=400.0,
)


def slices(count: int = 3, series: str = "a", **facts) -> list[SliceInfo]:
    known = {"study_uid": "1.1", "event_uids": ("1.1.7",)} | facts
    return [SliceInfo(f"{n}.dcm", series=series, **known) for n in range(count)]


def dose_of(infos: list[SliceInfo], *events: DoseEvent) -> SeriesDose:
    reports = [DoseReport(f"{n}.dcm", (event,)) for n, event in enumerate(events)]
    return join_doses(infos, reports).series[infos[0].series]


def test_the_event_of_all_slices_is_that_of_the_series():
    assert dose_of(slices(), EVENT) == SeriesDose(EVENT)


def test_two_series_of_one_event_share_it():
    found = join_doses([*slices(), *slices(series="b")], [DoseReport("r", (EVENT,))])
    assert found.series == {"a": SeriesDose(EVENT), "b": SeriesDose(EVENT)}
    assert found.unmatched == ()


@pytest.mark.parametrize(
    ("infos", "events", "reason"),
    [
        (slices(), [], NO_REPORT),
        (
            [*slices(2), *slices(1, event_uids=())],
            [EVENT],
            "1 of 3 slices state no irradiation event",
        ),
        (slices(study_uid=None), [EVENT], "slices state no study UID"),
        (
            [*slices(2), *slices(1, event_uids=("1.1.8",))],
            [EVENT, replace(EVENT, event_uid="1.1.8")],
            "the slices were made from 2 irradiation events: none is that of all",
        ),
        (
            slices(event_uids=("1.1.7", "1.1.8")),
            [EVENT],
            "the slices were made from 2 irradiation events: none is that of all",
        ),
        (slices(), [replace(EVENT, study_uid="1.2")], "the dose report is of another study"),
        (
            slices(),
            [replace(EVENT, event_uid="1.1.8")],
            "no dose report of the study has the irradiation event of the slices",
        ),
        (
            slices(),
            [EVENT, replace(EVENT, dlp_mgy_cm=500.0)],
            "dose reports disagree on DLP, 400.0 and 500.0: not used",
        ),
        (
            slices(),
            [EVENT, replace(EVENT, ctdi_phantom="113692", ctdi_phantom_cm=None, dlp_mgy_cm=None)],
            "dose reports disagree on the code of the CTDI phantom, 113691 and 113692: not used",
        ),
    ],
)
def test_where_in_doubt_there_is_no_dose_and_the_reason(infos, events, reason):
    assert dose_of(infos, *events) == SeriesDose(None, (reason,))


def test_an_event_of_another_phantom_is_not_used_and_its_phantom_is_known():
    reason = "the CTDI phantom is 32 cm in the dose report and 16 cm in the slices: not used"
    found = dose_of(slices(acquisition=Acquisition(ctdi_phantom_cm=16)), EVENT)
    assert found == SeriesDose(None, (reason,), other_phantom_cm=32)
    assert found.ctdi_phantom_cm == dose_of(slices(), EVENT).ctdi_phantom_cm == 32
    assert dose_of(slices()).ctdi_phantom_cm is None


@pytest.mark.parametrize(
    ("stated", "values"),
    [
        ((None, None, None), None),
        ((10.0, 10.0, None), None),
        ((4.0, 7.0, 9.0), None),
        ((14.0, 30.0, 22.0), None),
        ((20.0, 20.0, None), "20.00"),
        ((3.0, 6.0, 5.0), "3.00 to 6.00"),
    ],
)
def test_a_ctdivol_far_from_that_of_the_slices_is_used_with_a_warning(stated, values):
    infos = [
        replace(info, acquisition=Acquisition(ctdivol_mgy=value))
        for info, value in zip(slices(), stated, strict=True)
    ]
    found = dose_of(infos, EVENT)
    doubt = f"the CTDIvol is 10.00 mGy in the dose report and {values} mGy in the slices"
    assert found.event == EVENT
    assert found.warnings == (() if values is None else (doubt,))


def test_a_refused_event_is_listed_with_each_of_its_reports():
    reports = [
        DoseReport("a", (EVENT,)),
        DoseReport("b", (replace(EVENT, number=5, dlp_mgy_cm=500.0),)),
    ]
    reason = "dose reports disagree on DLP, 400.0 and 500.0: not used"
    assert [(path, event.number, why) for path, event, why in join_doses(slices(), reports)[1]] == [
        ("a", 1, reason),
        ("b", 5, reason),
    ]


def test_warnings_concern_reports_of_the_study_alone():
    assert dose_of(slices()).warnings == ()
    assert dose_of(slices(), replace(EVENT, study_uid="1.2")).warnings == ()
    found = dose_of(slices(), replace(EVENT, event_uid="1.1.8")).warnings
    reason = "no dose report of the study has the irradiation event of the slices"
    assert found == (f"no dose from a dose report: {reason}",)
    check = DoseCheck(dlp_alert_mgy_cm=300.0, dlp_accumulated_mgy_cm=420.0)
    checked = dose_of(slices(), replace(EVENT, dose_check=check))
    assert checked.warnings == ("dose check: the DLP alert was exceeded",)


def test_an_event_in_two_reports_counts_once():
    copy = replace(EVENT, number=4, dlp_mgy_cm=400.0 * (1 + 1e-9))
    assert dose_of(slices(), EVENT, copy) == SeriesDose(EVENT)
    unseen = replace(EVENT, event_uid="1.1.8")
    found = join_doses(slices(), [DoseReport("a", (unseen,)), DoseReport("b", (unseen,))])
    assert [(path, event) for path, event, _ in found.unmatched] == [("a", unseen)]


def test_one_report_fills_what_another_lacks():
    problem = "the dose report states no DLP"
    lacking = replace(EVENT, dlp_mgy_cm=None, problems=(problem,))
    assert dose_of(slices(), lacking, EVENT).event.dlp_mgy_cm == 400
    assert dose_of(slices(), lacking, EVENT).reasons == ()
    assert dose_of(slices(), lacking, lacking).reasons == (problem,)


def test_a_text_never_joins():
    other = replace(EVENT, event_uid="1.1.8", protocol="5.2 CHEST")
    assert dose_of(slices(), other).event is None


def test_events_without_a_series_are_listed_with_the_reason():
    events = (
        EVENT,
        replace(EVENT, number=2, event_uid="1.1.8"),
        replace(EVENT, number=3, event_uid=None),
        replace(EVENT, number=4, study_uid="1.2"),
    )
    found = join_doses(slices(), [DoseReport("r.dcm", events)])
    assert [(event.number, reason) for _, event, reason in found.unmatched] == [
        (2, "no slices of it were given"),
        (3, "it has no irradiation event UID"),
        (4, "no slices of its study were given"),
    ]
