"""SSDE of series by radiation dose reports, which arrive before or after the images of their study.

As in ``distiliqa score``, a report adds what headers of slices lack: CTDIvol, or its phantom. One
that contradicts the phantom of the headers takes their SSDE back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable

from distiliqa.ct import Acquisition, DoseEvent, SliceInfo
from distiliqa.ct.series_dose import SeriesDose, series_dose
from distiliqa.metrics.ssde import ssde

_FACTS = (
    *("study_uid", "event_uid", "ctdivol_mgy", "ctdi_phantom_cm"),
    *("dlp_mgy_cm", "length_mm", "pitch", "ssde_mgy"),
)


def record_events(
    database: sqlite3.Connection, report: str | None, events: Iterable[DoseEvent]
) -> set[str]:
    """Keep the events of a dose report inside a transaction of the caller.

    Parameters
    ----------
    report : SHA-256 of the report.

    Returns
    -------
    The UIDs of their studies.
    """
    marks = ", ".join("?" for _ in _FACTS)
    studies = set()
    for number, event in enumerate(events):
        facts = [getattr(event, name) for name in _FACTS]
        database.execute(
            f"INSERT OR IGNORE INTO dose_events (report, number, {', '.join(_FACTS)})"
            f" VALUES (?, ?, {marks})",
            (report, number, *facts),
        )
        studies.add(event.study_uid)
    return {study for study in studies if study is not None}


def is_report(database: sqlite3.Connection, sha256: str | None) -> bool:
    """Whether a content is a dose report that has events here."""
    found = database.execute("SELECT 1 FROM dose_events WHERE report = ?", (sha256,))
    return found.fetchone() is not None


def forget_replaced(database: sqlite3.Connection, former: str, events: Iterable[DoseEvent]) -> None:
    """Forget events of a report that no file has any more: those that its successor states.

    Parameters
    ----------
    former : SHA-256 of the report.
    events : of the content that has taken its place.
    """
    database.executemany(
        "DELETE FROM dose_events WHERE report = :former"
        " AND study_uid = :study AND event_uid = :event"
        " AND NOT EXISTS (SELECT 1 FROM files WHERE sha256 = :former)",
        [
            {"former": former, "study": event.study_uid, "event": event.event_uid}
            for event in events
        ],
    )


def series_of_studies(database: sqlite3.Connection, studies: Collection[str]) -> set[int]:
    """The series of which slices are of one of the studies."""
    found: set[int] = set()
    for study in studies:
        rows = database.execute(
            "SELECT DISTINCT series_id FROM slices WHERE study_uid = ?", (study,)
        )
        found |= {row["series_id"] for row in rows}
    return found


def join_dose(database: sqlite3.Connection, series: int) -> None:
    """Compute SSDE of the slices of a series by their headers and the dose reports of the study.

    Where reports and slices leave an event in doubt, it adds nothing, see
    `distiliqa.ct.series_dose.series_dose`. Where its phantom is not that of the slices, no slice
    has an SSDE.
    """
    rows = database.execute(
        "SELECT rowid, study_uid, event_uids, ctdi_phantom_cm, ctdivol_mgy, dw_mm, ssde_mgy,"
        " awaits_dose FROM slices WHERE series_id = ? AND NOT superseded",
        (series,),
    ).fetchall()
    if not any(row["awaits_dose"] for row in rows):
        return
    events = _events(database, {row["study_uid"] for row in rows})
    dose = series_dose([_info(row) for row in rows], events)
    found = [(_ssde(row, dose), row) for row in rows if row["awaits_dose"]]
    database.executemany(
        "UPDATE slices SET ssde_mgy = ? WHERE rowid = ?",
        [(value, row["rowid"]) for value, row in found if value != row["ssde_mgy"]],
    )


def _ssde(row: sqlite3.Row, dose: SeriesDose) -> float | None:
    """As `distiliqa.metrics.slice_measures` does of a slice that is of the trunk."""
    if dose.other_phantom_cm is not None:
        return None
    ctdivol_mgy = row["ctdivol_mgy"] or dose.ctdivol_mgy
    phantom_cm = row["ctdi_phantom_cm"] or dose.ctdi_phantom_cm
    return ssde(ctdivol_mgy, row["dw_mm"], phantom_cm).ssde_mgy


def _events(database: sqlite3.Connection, studies: Iterable[str | None]) -> list[DoseEvent]:
    return [
        DoseEvent(row["number"], **{name: row[name] for name in _FACTS})
        for study in studies
        for row in database.execute(
            f"SELECT number, {', '.join(_FACTS)} FROM dose_events WHERE study_uid = ?"
            " ORDER BY report, number",
            (study,),
        )
    ]


def _info(row: sqlite3.Row) -> SliceInfo:
    """What the dose of a series depends on, as headers state it."""
    return SliceInfo(
        study_uid=row["study_uid"],
        event_uids=tuple(json.loads(row["event_uids"] or "[]")),
        acquisition=Acquisition(ctdi_phantom_cm=row["ctdi_phantom_cm"]),
    )
