"""Gather slices into series: copies left out, versions apart, slices in reading order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import PurePath

from distiliqa.ct.listing import CTIndex, Problem
from distiliqa.ct.slice_info import SliceInfo

Digest = Callable[[str], bytes | None]
COPY_OF = "a copy of "  # starts the reason of a copy; the path of its original follows


def in_reading_order(slices: Iterable[SliceInfo], digest: Digest) -> CTIndex:
    """Order slices by series, in order of first appearance, and by position along the normal.

    A file that is a byte-for-byte copy of another is left out. Different images at one position
    of one series in different folders are versions of it, such as a denoised copy that kept its
    identifiers; each folder then makes a series. Where a position is unknown a series keeps the
    order of ``slices``.

    Parameters
    ----------
    digest : of the bytes of a path, None where it is no copy. Asked for once a path, and only
        where several paths share an image.
    """
    kept, copies = _without_copies(slices, digest)
    series: defaultdict[str, list[SliceInfo]] = defaultdict(list)
    for info in _versions_apart(kept):
        series[info.series].append(info)
    for infos in series.values():
        if all(info.position_mm is not None for info in infos):
            infos.sort(key=lambda info: info.position_mm or 0.0)
    ordered = tuple(chain.from_iterable(series.values()))
    return CTIndex(ordered, left_out=tuple(copies))


def stacks_apart(
    slices: Sequence[SliceInfo], stacks: Sequence[str | None]
) -> tuple[SliceInfo, ...]:
    """Make a series of each stack of an enhanced image, which may overlap or lie far apart.

    A stack is a set of frames that belong together in space (Stack ID, PS3.3, C.7.6.16.2.2). One
    stack is the series itself, and so are stacks of single frames, which are none.

    Parameters
    ----------
    stacks : the Stack ID of each slice.
    """
    counts = Counter(stacks)
    if len(counts) < 2 or min(counts.values()) < 2:
        return tuple(slices)
    pairs = zip(slices, stacks, strict=True)
    return tuple(
        replace(info, series=f"{info.series} stack {stack or 'none'}") for info, stack in pairs
    )


def _without_copies(
    slices: Iterable[SliceInfo], digest: Digest
) -> tuple[list[SliceInfo], list[Problem]]:
    slices = tuple(slices)
    sharing: defaultdict[tuple[str, int], dict[str, None]] = defaultdict(dict)
    for info in slices:
        if info.sop_uid is not None:
            sharing[info.sop_uid, info.frame][info.path] = None
    copy_of = dict[str, str]()
    for paths in sharing.values():
        if len(paths) > 1:
            copy_of |= _copies((path for path in paths if path not in copy_of), digest)
    kept = [info for info in slices if info.path not in copy_of]
    return kept, [Problem(path, f"{COPY_OF}{original}") for path, original in copy_of.items()]


def _copies(paths: Iterable[str], digest: Digest) -> Iterator[tuple[str, str]]:
    """Each path whose bytes came before, with the first that has them."""
    first = dict[bytes, str]()
    for path in paths:
        content = digest(path)
        if content is not None and (original := first.setdefault(content, path)) != path:
            yield path, original


def _versions_apart(slices: list[SliceInfo]) -> Iterable[SliceInfo]:
    folders: defaultdict[tuple[str, float | None], set[str]] = defaultdict(set)
    for info in slices:
        folders[info.series, info.position_mm].add(_folder(info))
    mixed = {
        series
        for (series, position), where in folders.items()
        if position is not None and len(where) > 1
    }
    for info in slices:
        is_mixed = info.series in mixed
        yield replace(info, series=f"{info.series} in {_folder(info)}") if is_mixed else info


def _folder(info: SliceInfo) -> str:
    return str(PurePath(info.path).parent)
