"""The dose of a series by the dose reports of its study, and the events without a series.

No protocol and no file is named unless the user asks to identify.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from distiliqa.ct import DoseEvent
from distiliqa.ct.series_dose import UnmatchedEvent
from distiliqa.errors import one_line
from distiliqa.report.column import Column
from distiliqa.report.formatting import number_text
from distiliqa.report.names import short_hash
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore

# Facts of an event in results, in the order of `DoseEvent`.
_FACTS = (
    "number",
    "event_uid",
    "ctdivol_mgy",
    "ctdi_phantom_cm",
    "dlp_mgy_cm",
    "length_mm",
    "pitch",
    "ssde_mgy",
    "modulation",
    "acquisition_type",
    "target_region",
)


def _dlp(series: SeriesScore) -> float | None:
    return None if series.dose.event is None else series.dose.event.dlp_mgy_cm


def _event_name(series: SeriesScore) -> str | None:
    event = series.dose.event
    return None if event is None or event.event_uid is None else short_hash(event.event_uid)


DLP = Column(
    "dlp_mgy_cm",
    "mGy.cm",
    1,
    "Dose length product of the irradiation event, by the dose report.",
    _dlp,
    "series",
    term="DLP",
)
DOSE_EVENT = Column(
    "dose_event",
    "",
    None,
    "Short hash of the irradiation event. Series with the same one share its DLP: add it once.",
    _event_name,
    "series",
    term="Dose event",
)


def dose_record(series: SeriesScore) -> dict[str, Any]:
    """The dose of a series in ``scores.json``; ``event`` is null where there is none."""
    event, reasons = series.dose.event, list(series.dose.reasons)
    return {"event": None if event is None else event_record(event), "reasons": reasons}


def event_record(event: DoseEvent) -> dict[str, Any]:
    """The facts of an event, with its dose check and the limits that were exceeded."""
    check = event.dose_check
    checked = None if check is None else asdict(check) | {"exceeded": list(check.exceeded)}
    return {name: getattr(event, name) for name in _FACTS} | {"dose_check": checked}


def unmatched_records(run: ScoringRun) -> list[dict[str, Any]]:
    """The events that are the dose of no series, with their file and the reason."""
    return [
        {"path": path, **event_record(event), "reason": reason}
        for path, event, reason in run.doses.unmatched
    ]


def unmatched_text(unmatched: UnmatchedEvent, *, identify: bool) -> str:
    """An event without a series in one line, and why."""
    event = unmatched.event
    where = unmatched.path if identify else "a dose report"
    facts = (
        event.acquisition_type,
        event.target_region,
        event.protocol if identify else None,
        _with_unit(event.ctdivol_mgy, 2, "mGy"),
        _with_unit(event.dlp_mgy_cm, 1, "mGy.cm"),
    )
    shown = ", ".join(one_line(fact) for fact in facts if fact)
    described = f" ({shown})" if shown else ""
    return f"{one_line(where)}, event {event.number}{described}: {unmatched.reason}"


def dose_texts(series: SeriesScore) -> Iterator[tuple[str, str]]:
    """Term and value of each known fact of the event of a series, for people."""
    event = series.dose.event
    if event is None:
        return
    phantom = None if event.ctdi_phantom_cm is None else f"{event.ctdi_phantom_cm} cm"
    found = {
        "DLP": _with_unit(event.dlp_mgy_cm, 1, "mGy.cm"),
        "CTDIvol of the dose report": _with_unit(event.ctdivol_mgy, 2, "mGy"),
        "CTDI phantom of the dose report": phantom,
        "Scanning length": _with_unit(event.length_mm, 0, "mm"),
        "SSDE of the scanner": _with_unit(event.ssde_mgy, 2, "mGy"),
        "SSDE is made from": _ssde_source(series),
        "Dose check": _dose_check(event),
    }
    yield from ((term, value) for term, value in found.items() if value)


def _ssde_source(series: SeriesScore) -> str | None:
    """Where no slice states a CTDIvol: that its mean stands in. Else None."""
    measures = [slice_.measures for slice_ in series.known if slice_.measures is not None]
    reported = any(one.ssde.ctdivol_from == "dose report" for one in measures)
    return "the mean CTDIvol of the dose report" if reported else None


def _dose_check(event: DoseEvent) -> str | None:
    if event.dose_check is None:
        return None
    exceeded = event.dose_check.exceeded
    return f"exceeded: {', '.join(exceeded)}" if exceeded else "no limit exceeded"


def _with_unit(value: float | None, digits: int, unit: str) -> str | None:
    return None if value is None else f"{number_text(value, digits)} {unit}"
