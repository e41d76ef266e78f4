from __future__ import annotations

from distiliqa.report.dose_facts import DLP, DOSE_EVENT, dose_texts, unmatched_text
from distiliqa.report.json import run_record, scores_record
from distiliqa.scoring.result import ScoringRun


def test_a_series_has_the_dlp_of_its_event(dosed: ScoringRun):
    first, second = dosed.series
    assert (DLP.value(first), DLP.value(second)) == (420.0, None)
    assert len(DOSE_EVENT.value(first)) == 8
    assert DOSE_EVENT.value(second) is None
    texts = dict(dose_texts(first))
    assert (texts["DLP"], texts["Dose check"]) == ("420.0 mGy.cm", "exceeded: DLP alert")
    assert list(dose_texts(second)) == []


def test_json_has_the_event_and_its_dose_check(dosed: ScoringRun):
    record = scores_record(dosed)
    first, second = (series["dose"] for series in record["series"])
    assert (first["event"]["ctdivol_mgy"], first["event"]["ctdi_phantom_cm"]) == (10.5, 32)
    assert first["event"]["dose_check"]["exceeded"] == ["DLP alert"]
    assert second == {"event": None, "reasons": ["slices state no study UID"]}
    (unmatched,) = record["unmatched_events"]
    assert (unmatched["path"], unmatched["number"]) == ("in/rdsr.dcm", 2)
    assert unmatched["reason"] == "no slices of it were given"
    assert run_record(dosed)["settings"]["dose_reports"] == ["in/rdsr.dcm"]
    assert "Doe" not in str(record)


def test_what_exceeds_a_limit_or_is_in_doubt_is_a_warning(dosed: ScoringRun):
    first, second = dosed.series
    assert "dose check: the DLP alert was exceeded" in first.warnings
    assert "no dose from a dose report: slices state no study UID" in second.warnings


def test_an_event_without_a_series_names_nobody_unless_asked(dosed: ScoringRun):
    (unmatched,) = dosed.doses.unmatched
    shown = unmatched_text(unmatched, identify=False)
    assert shown == (
        "a dose report, event 2 (Spiral Acquisition, 10.50 mGy, 420.0 mGy.cm): "
        "no slices of it were given"
    )
    named = unmatched_text(unmatched, identify=True)
    assert named.startswith("in/rdsr.dcm, event 2 (Spiral Acquisition, 5.2 CHEST of Doe, ")
