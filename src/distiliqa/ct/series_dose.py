"""Dose of a series: the irradiation event of a dose report that all its slices were made from.

Events are joined by the UIDs of study and irradiation event (0008,3010) alone, never by a text or a
time. Where anything is in doubt the series has no dose, and the reason.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from distiliqa.ct.dose_agreement import conflict_of, merged, other_ctdivol, other_phantom
from distiliqa.ct.dose_events import DoseEvent, DoseReport
from distiliqa.ct.slice_info import SliceInfo

NO_REPORT = "no dose report was given"
OTHER_STUDY = "the dose report is of another study"

_Key = tuple[str, str]  # UIDs of study and irradiation event


@dataclass(frozen=True)
class SeriesDose:
    """Dose of a series by the reports of its study.

    Attributes
    ----------
    event : DoseEvent or None
        The one event that all slices of the series were made from; None for none. Several series
        may share an event: a sum over series must count it once, by its UID.
    reasons : tuple[str, ...]
        Why there is no event, or why values of the event are missing or in doubt. Without UIDs
        and paths.
    other_phantom_cm : int or None
        CTDI phantom of an event that is not used because the slices state another one, cm.
    """

    event: DoseEvent | None = None
    reasons: tuple[str, ...] = ()
    other_phantom_cm: int | None = None

    @property
    def ctdivol_mgy(self) -> float | None:
        """Mean CTDIvol of the event, mGy; None for no event."""
        return None if self.event is None else self.event.ctdivol_mgy

    @property
    def ctdi_phantom_cm(self) -> int | None:
        """CTDI phantom by the dose report, cm, whatever the slices state; None for no event."""
        return self.other_phantom_cm if self.event is None else self.event.ctdi_phantom_cm

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a dose report of the study lacks or contradicts, and limits that were exceeded.

        A series without any report of its study has none.
        """
        if self.event is None:
            known = (reason for reason in self.reasons if reason not in (NO_REPORT, OTHER_STUDY))
            return tuple(f"no dose from a dose report: {reason}" for reason in known)
        exceeded = () if self.event.dose_check is None else self.event.dose_check.exceeded
        return (*self.reasons, *(f"dose check: the {limit} was exceeded" for limit in exceeded))


class UnmatchedEvent(NamedTuple):
    """An event of a report that is the dose of no series.

    Attributes
    ----------
    path : file of the report.
    event : the event.
    reason : why it is the dose of no series.
    """

    path: str
    event: DoseEvent
    reason: str


class Doses(NamedTuple):
    """Doses of the series of a run.

    Attributes
    ----------
    series : the dose of each series, by `SliceInfo.series`.
    unmatched : events without a series. One that several reports have counts once, unless it was
        refused: then each of its reports is named.
    """

    series: dict[str, SeriesDose]
    unmatched: tuple[UnmatchedEvent, ...]


def join_doses(slices: Iterable[SliceInfo], reports: Iterable[DoseReport]) -> Doses:
    """Find the event of each series, and the events without a series.

    Parameters
    ----------
    slices : Iterable[SliceInfo]
        Slices of all series.
    reports : Iterable[DoseReport]
        All dose reports: those found beside the images and those that were named.

    Returns
    -------
    Doses
        An entry for every series.
    """
    slices, reports = tuple(slices), tuple(reports)
    by_series = defaultdict[str, list[SliceInfo]](list)
    for info in slices:
        by_series[info.series].append(info)
    events = [event for report in reports for event in report.events]
    series = {name: series_dose(infos, events) for name, infos in by_series.items()}
    return Doses(series, tuple(_unmatched(slices, series, reports)))


def series_dose(slices: Sequence[SliceInfo], events: Sequence[DoseEvent]) -> SeriesDose:
    """Find the one event that all slices of a series were made from.

    Parameters
    ----------
    slices : Sequence[SliceInfo]
        The slices of the series, at least one.
    events : Sequence[DoseEvent]
        Events of all dose reports.

    Returns
    -------
    SeriesDose
        Without an event where the slices state no event, are of several, or are in no report;
        where reports disagree; and where report and images have another phantom. With an event and
        a reason where its CTDIvol is far from that of the slices.
    """
    found = _event_of(slices, events) if events else NO_REPORT
    if isinstance(found, str):
        return SeriesDose(reasons=(found,))
    acquisitions = [info.acquisition for info in slices]
    if (reason := other_phantom(found, acquisitions)) is not None:
        return SeriesDose(reasons=(reason,), other_phantom_cm=found.ctdi_phantom_cm)
    doubt = other_ctdivol(found, acquisitions)
    return SeriesDose(found, found.problems if doubt is None else (*found.problems, doubt))


def _event_of(slices: Sequence[SliceInfo], events: Sequence[DoseEvent]) -> DoseEvent | str:
    """The event of the slices, or the reason why there is none."""
    key = _key_of(slices)
    if isinstance(key, str):
        return key
    same = [event for event in events if (event.study_uid, event.event_uid) == key]
    if not same:
        return _why_not_found(key, events)
    return conflict_of(same) or merged(same)


def _key_of(slices: Sequence[SliceInfo]) -> _Key | str:
    if missing := sum(not info.event_uids for info in slices):
        return f"{missing} of {len(slices)} slices state no irradiation event"
    if any(info.study_uid is None for info in slices):
        return "slices state no study UID"
    keys = {(info.study_uid or "", uid) for info in slices for uid in info.event_uids}
    if len(keys) > 1:
        return f"the slices were made from {len(keys)} irradiation events: none is that of all"
    return keys.pop()


def _why_not_found(key: _Key, events: Iterable[DoseEvent]) -> str:
    if key[0] in {event.study_uid for event in events}:
        return "no dose report of the study has the irradiation event of the slices"
    return OTHER_STUDY


def _unmatched(
    slices: Sequence[SliceInfo], series: dict[str, SeriesDose], reports: Iterable[DoseReport]
) -> Iterator[UnmatchedEvent]:
    used = {
        (dose.event.study_uid, dose.event.event_uid)
        for dose in series.values()
        if dose.event is not None
    }
    refused: dict[tuple[str | None, str | None], str] = {
        (info.study_uid, uid): series[info.series].reasons[0]
        for info in slices
        for uid in info.event_uids
        if series[info.series].event is None
    }
    studies = {info.study_uid for info in slices}
    for report in reports:
        for event in report.events:
            key = (event.study_uid, event.event_uid)
            if event.event_uid is None:
                yield UnmatchedEvent(report.path, event, "it has no irradiation event UID")
            elif key in refused and key not in used:
                yield UnmatchedEvent(report.path, event, refused[key])
            elif key not in used:
                used.add(key)
                reason = "slices of it" if event.study_uid in studies else "slices of its study"
                yield UnmatchedEvent(report.path, event, f"no {reason} were given")
