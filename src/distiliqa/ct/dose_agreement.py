"""Whether dose reports, and the images, state the same of an irradiation event."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from math import isclose
from typing import Any

from distiliqa.ct.dose_events import DoseEvent
from distiliqa.ct.header_facts import Acquisition

# Values that all reports of an event must agree on.
_COMPARED = {
    "ctdivol_mgy": "CTDIvol",
    "ctdi_phantom": "the code of the CTDI phantom",
    "ctdi_phantom_cm": "the CTDI phantom",  # a monitor keeps no code
    "dlp_mgy_cm": "DLP",
    "length_mm": "length",
    "pitch": "pitch",
    "ssde_mgy": "SSDE",
}
_SAME = 1e-6  # relative
# Slices follow the tube current, a report states its mean. The phantoms of 16 and 32 cm differ by
# a factor of about 2.
_FAR = 1.5


def conflict_of(same: Sequence[DoseEvent]) -> str | None:
    """The reason not to use an event that reports state differently; None if they agree."""
    for name, term in _COMPARED.items():
        first, *others = [*_stated(same, name)] or [None]
        other = next((value for value in others if not _agree(first, value)), None)
        if other is not None:
            return f"dose reports disagree on {term}, {first} and {other}: not used"
    return None


def _agree(first: Any, other: Any) -> bool:
    return first == other or (
        isinstance(first, float) and isclose(first, other, rel_tol=_SAME)  # rounded otherwise
    )


def merged(same: Sequence[DoseEvent]) -> DoseEvent:
    """One event from agreeing reports; what one of them lacks is taken from another."""
    first, *others = same
    names = (fact.name for fact in fields(DoseEvent) if fact.name not in ("number", "problems"))
    values: dict[str, Any] = {name: next(_stated(same, name), None) for name in names}
    shared = tuple(
        problem for problem in first.problems if all(problem in other.problems for other in others)
    )
    return replace(first, problems=shared, **values)


def _stated(same: Iterable[DoseEvent], name: str) -> Iterator[Any]:
    return (value for event in same if (value := getattr(event, name)) is not None)


def other_phantom(event: DoseEvent, slices: Iterable[Acquisition]) -> str | None:
    """The reason not to use an event whose CTDI phantom is not that of its slices, or None."""
    stated = {one.ctdi_phantom_cm for one in slices} - {None, event.ctdi_phantom_cm}
    if event.ctdi_phantom_cm is None or not stated:
        return None
    return (
        f"the CTDI phantom is {event.ctdi_phantom_cm} cm in the dose report and "
        f"{stated.pop()} cm in the slices: not used"
    )


def other_ctdivol(event: DoseEvent, slices: Iterable[Acquisition]) -> str | None:
    """The doubt where the CTDIvol of an event is far outside the range of its slices, or None."""
    stated = [one.ctdivol_mgy for one in slices if one.ctdivol_mgy is not None]
    if event.ctdivol_mgy is None or not stated:
        return None
    lowest, highest = min(stated), max(stated)
    if lowest / _FAR <= event.ctdivol_mgy <= highest * _FAR:
        return None
    values = f"{lowest:.2f}" if lowest == highest else f"{lowest:.2f} to {highest:.2f}"
    return (
        f"the CTDIvol is {event.ctdivol_mgy:.2f} mGy in the dose report "
        f"and {values} mGy in the slices"
    )
