"""Gather slices into series: copies left out, versions apart, slices in reading order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial
from pathlib import PurePath

from distiliqa.ct.listing import CTIndex, Problem, SliceRef
from distiliqa.ct.slice import CTSlice

COPY_OF = "a copy of "  # starts the reason of a copy; the path of its original follows


def in_reading_order(slices: Iterable[SliceRef], same_bytes: Callable[[str, str], bool]) -> CTIndex:
    """Order slices by series, in order of first appearance, and by position along the normal.

    A file that is a byte-for-byte copy of another is left out. Different images at one position
    of one series in different folders are versions of it, such as a denoised copy that kept its
    identifiers; each folder then makes a series. Where a position is unknown a series keeps the
    order of ``slices``.

    Parameters
    ----------
    same_bytes : whether two paths hold the same bytes.
    """
    kept, copies = _without_copies(slices, same_bytes)
    series: defaultdict[str, list[SliceRef]] = defaultdict(list)
    for ref in _versions_apart(kept):
        series[ref.series].append(ref)
    for refs in series.values():
        if all(ref.position_mm is not None for ref in refs):
            refs.sort(key=lambda ref: ref.position_mm or 0.0)
    return CTIndex(tuple(ref for refs in series.values() for ref in refs), left_out=tuple(copies))


def _without_copies(
    slices: Iterable[SliceRef], same_bytes: Callable[[str, str], bool]
) -> tuple[list[SliceRef], list[Problem]]:
    kept, copy_of = [], dict[str, str]()
    paths: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
    for ref in slices:
        if ref.sop_uid is not None and ref.path not in copy_of:
            others = paths[ref.sop_uid, ref.frame]
            original = next((path for path in others if same_bytes(path, ref.path)), None)
            if original is None:
                others.append(ref.path)
            else:
                copy_of[ref.path] = original
        if ref.path not in copy_of:
            kept.append(ref)
    return kept, [Problem(path, f"{COPY_OF}{original}") for path, original in copy_of.items()]


def _versions_apart(slices: list[SliceRef]) -> Iterable[SliceRef]:
    folders: defaultdict[tuple[str, float | None], set[str]] = defaultdict(set)
    for ref in slices:
        folders[ref.series, ref.position_mm].add(_folder(ref))
    mixed = {
        series
        for (series, position), where in folders.items()
        if position is not None and len(where) > 1
    }
    for ref in slices:
        yield _renamed(ref, f"{ref.series} in {_folder(ref)}") if ref.series in mixed else ref


def _folder(ref: SliceRef) -> str:
    return str(PurePath(ref.path).parent)


def _renamed(ref: SliceRef, series: str) -> SliceRef:
    return replace(ref, series=series, load=partial(_load_as, ref.load, series))


def _load_as(load: Callable[[], CTSlice], series: str) -> CTSlice:
    return replace(load(), series=series)
