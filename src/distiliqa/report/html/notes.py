"""Warnings as numbered notes: each text stands once on the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from distiliqa.report.formatting import slice_count
from distiliqa.scoring.result import SeriesScore, SliceScore


class Note(NamedTuple):
    """A warning, its number on the page, and where it holds: ``3 slices``, or ``1 series``."""

    number: int
    text: str
    where: str


Notes = dict[str, Note]


def notes_of(series: Iterable[SeriesScore]) -> Notes:
    """All warnings by their text: of series as a whole, then of slices from the most frequent."""
    series = list(series)
    whole = Counter(warning for one in series for warning in one.warnings)
    slices = count_warnings(slice_ for one in series for slice_ in one.slices)
    found = {text: f"{count} series" for text, count in whole.most_common()} | slices
    return {text: Note(n, text, where) for n, (text, where) in enumerate(found.items(), start=1)}


def count_warnings(slices: Iterable[SliceScore]) -> dict[str, str]:
    """How many slices have each warning, the most frequent first."""
    counts = Counter(warning for slice_ in slices for warning in slice_.warnings)
    return {text: slice_count(count) for text, count in counts.most_common()}


def numbers_of(warnings: Iterable[str], notes: Notes) -> str:
    """The numbers of the notes of some warnings."""
    return ", ".join(map(str, sorted({notes[warning].number for warning in warnings})))
