"""Result of an index: slices in reading order, and the files that gave none with the reason.

Slices are grouped into series. Copies of a file are left out. Versions of a series stay apart.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import PurePath
from typing import NamedTuple

from distiliqa.ct.dose_events import DoseReport
from distiliqa.ct.slice_info import SliceInfo

Digest = Callable[[str], bytes | None]
COPY_OF = "a copy of "  # the reason of a copy begins with it; the path of the original follows


class Problem(NamedTuple):
    """A file that gives no slice.

    Attributes
    ----------
    path : str
        The file by the name that results give it.
    reason : str
        The reason, one line without the path.
    """

    path: str
    reason: str


@dataclass(frozen=True)
class CTIndex:
    """The slices under a path in reading order, and the files that give none.

    Attributes
    ----------
    slices : tuple[SliceInfo, ...]
        Series in order of first appearance, slices by position along the normal.
    failed : tuple[Problem, ...]
        Files that claim to be CT and cannot be read.
    left_out : tuple[Problem, ...]
        Readable files that are no axial CT image: localizers, MR, reports, copies.
    dose_reports : tuple[DoseReport, ...]
        Radiation dose reports among the files that are left out.
    """

    slices: tuple[SliceInfo, ...] = ()
    failed: tuple[Problem, ...] = ()
    left_out: tuple[Problem, ...] = ()
    dose_reports: tuple[DoseReport, ...] = ()

    @staticmethod
    def joined(parts: Iterable[CTIndex]) -> CTIndex:
        """Join ``parts``, in their order."""
        parts = tuple(parts)
        return CTIndex(
            tuple(chain.from_iterable(part.slices for part in parts)),
            tuple(chain.from_iterable(part.failed for part in parts)),
            tuple(chain.from_iterable(part.left_out for part in parts)),
            tuple(chain.from_iterable(part.dose_reports for part in parts)),
        )

    def named(self, name: Callable[[str], str]) -> CTIndex:
        """Replace the paths in it.

        Parameters
        ----------
        name : Callable
            Takes a text and returns it with other paths.
        """
        return CTIndex(
            tuple(info.named(name(info.path)) for info in self.slices),
            named_problems(self.failed, name),
            named_problems(self.left_out, name),
            tuple(replace(report, path=name(report.path)) for report in self.dose_reports),
        )


def named_problems(problems: Iterable[Problem], name: Callable[[str], str]) -> tuple[Problem, ...]:
    """Replace the paths in problems, see `CTIndex.named`."""
    return tuple(Problem(name(path), name(reason)) for path, reason in problems)


def in_reading_order(slices: Iterable[SliceInfo], digest: Digest) -> CTIndex:
    """Order slices by series, in order of first appearance, and by position along the normal.

    A file that is a byte-for-byte copy of another is left out. A series may have different images
    at one position in different folders, such as denoised copies that kept their identifiers. These
    are versions of it, and each folder then makes a series. Where a position is unknown, a series
    keeps the order of ``slices``.

    Parameters
    ----------
    digest : gives the hash of the bytes of a path, None where it is no copy. It is called once a
        path, and only where several paths share an image.
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
    """Make a series of each stack of an enhanced image. Stacks may overlap or be far apart.

    A stack is a set of frames that belong together in space (Stack ID, PS3.3, C.7.6.16.2.2). An
    image with one stack stays one series, and so does an image whose stacks are single frames.

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
    """Yield each path that repeats the bytes of an earlier one, with that earlier path."""
    first = dict[bytes, str]()
    for path in paths:
        content = digest(path)
        if content is not None and (original := first.setdefault(content, path)) != path:
            yield path, original


def _versions_apart(slices: list[SliceInfo]) -> Iterable[SliceInfo]:
    """Give the versions of a series, one a folder, a series of their own."""
    folders: defaultdict[tuple[str, float | None], set[str]] = defaultdict(set)
    for info in slices:
        folders[info.series, info.position_mm].add(_folder(info))
    mixed = {
        series
        for (series, position), found in folders.items()
        if position is not None and len(found) > 1
    }
    for info in slices:
        is_mixed = info.series in mixed
        yield replace(info, series=f"{info.series} in {_folder(info)}") if is_mixed else info


def _folder(info: SliceInfo) -> str:
    return str(PurePath(info.path).parent)
