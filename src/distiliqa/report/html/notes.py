"""Warnings in words, said once and pointed to by their number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from distiliqa.scoring.result import SliceScore


class Note(NamedTuple):
    """A warning, its number on the page, and how many slices have it."""

    number: int
    text: str
    slices: int


Notes = dict[str, Note]


def notes_of(slices: Iterable[SliceScore]) -> Notes:
    """All warnings by their text, numbered from the most frequent."""
    counts = Counter(warning for each in slices for warning in each.warnings)
    ordered = enumerate(counts.most_common(), start=1)
    return {text: Note(number, text, count) for number, (text, count) in ordered}


def numbers_of(slices: Iterable[SliceScore], notes: Notes) -> str:
    """The numbers of the notes that slices have."""
    found = {notes[warning].number for each in slices for warning in each.warnings}
    return ", ".join(map(str, sorted(found)))
