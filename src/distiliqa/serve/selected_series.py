"""The series of an export: which slices they have, and what else belongs to them.

A slice is known by its path and frame. The name of a series is not enough: it depends on what else
was indexed, see `distiliqa.ct.listing`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path
from time import perf_counter

from distiliqa.ct import CTIndex, Problem, SliceInfo
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.inputs import Found, folders_of, found_in, index_inputs
from distiliqa.serve.slice_pixels import holder_of
from distiliqa.serve.stored_results import Chosen, StoredResults, StoredSeries

_Place = tuple[str, int]  # of a slice: path and frame
_GONE = "has no such slice any more"
_CUT = "not all slices of its series were scored"  # the job was cancelled


@dataclass(frozen=True)
class SelectedSeries:
    """A series to score again.

    Attributes
    ----------
    name : str
        Its UID, or the file or folder that stands for it, as its results have it.
    slices : tuple[tuple[str, int], ...]
        Path and frame of its slices, in reading order.
    failed : tuple[tuple[str, str], ...]
        Path and reason of what could not be scored and may belong to it.
    """

    name: str
    slices: tuple[_Place, ...]
    failed: tuple[tuple[str, str], ...] = ()


def each_once(chosen: Iterable[Chosen]) -> Iterator[Chosen]:
    """Leave out series with the slices of an earlier one, or with copies of them."""
    places, contents = set[frozenset[_Place]](), set[object]()
    for one in chosen:
        slices = frozenset(_places(one.series))
        content = _content(one.series) or slices
        if slices and slices not in places and content not in contents:
            yield one
        places.add(slices)
        contents.add(content)


def select(chosen: Iterable[Chosen]) -> tuple[SelectedSeries, ...]:
    """What is scored again of series of results, under names that are not the same."""
    return tuple(_with_own_names([_selected(results, series) for results, series in chosen]))


def inputs_of(chosen: Sequence[Chosen]) -> tuple[str, ...]:
    """The files that an export reads: those of slices, and the dose reports of their results.

    Raises
    ------
    CTReadError
        One of them is not there any more.
    """
    slices = (path for _, series in chosen for path, _ in _places(series))
    reports = (path for results, _ in chosen for path in results.dose_reports)
    return tuple(dict.fromkeys(str(holder_of(path)) for path in (*slices, *reports)))


def find_selected(series: Sequence[SelectedSeries], inputs: tuple[str, ...]) -> Found:
    """Index the files of an export, and take its slices alone.

    What failed when they were scored first, or fails now, keeps a series incomplete.

    Raises
    ------
    DistiliqaError
        A series has no slice any more.
    """
    start = perf_counter()
    # One by one, so that no file changes the series of another.
    index = CTIndex.joined(index_inputs([path]) for path in inputs)
    known = {(info.path, info.frame): info for info in index.slices}
    found = [list(_slices_of(one, known)) for one in series]
    _require_all(found)
    problems = dict.fromkeys(_problems(series, index.failed, chain(*found)))
    chosen = CTIndex(tuple(chain(*found)), tuple(problems), dose_reports=index.dose_reports)
    return found_in(chosen, inputs, perf_counter() - start)


def _places(series: StoredSeries) -> tuple[_Place, ...]:
    return tuple((slice_["path"], slice_["slice"]) for slice_ in series.slices)


def _selected(results: StoredResults, series: StoredSeries) -> SelectedSeries:
    slices = _places(series)
    failed = [(path, reason) for path, reason in _beside(slices, results.failed)]
    if not (series.complete or failed):
        failed = [(slices[0][0], _CUT)]
    return SelectedSeries(series.uid, slices, tuple(failed))


def _content(series: StoredSeries) -> object:
    """What copies of a series have in common; None where the hash of a file is not known.

    The hash of an archive is that of all series in it, so that the name counts as well.
    """
    frames = [(slice_["sha256"], slice_["slice"]) for slice_ in series.slices]
    is_known = all(digest is not None for digest, _ in frames)
    return (series.uid, tuple(sorted(frames))) if is_known else None


def _beside(slices: Iterable[_Place], problems: Iterable[Problem]) -> Iterator[Problem]:
    """The problems that may belong to a series with these slices."""
    folders = {Path(path).parent for path, _ in slices}
    return (problem for problem in problems if folders.intersection(folders_of(problem)))


def _with_own_names(series: Sequence[SelectedSeries]) -> Iterator[SelectedSeries]:
    """Name series of one UID after their folders, as an index of both would."""
    counts, taken = Counter(one.name for one in series), set[str]()
    for one in series:
        is_alone = counts[one.name] == 1
        first = one.name if is_alone else f"{one.name} in {Path(one.slices[0][0]).parent}"
        # One folder may have two results: of before and after a slice came.
        names = chain([first], (f"{first} ({n})" for n in count(2)))
        name = next(name for name in names if name not in taken)
        taken.add(name)
        yield replace(one, name=name)


def _slices_of(series: SelectedSeries, known: Mapping[_Place, SliceInfo]) -> Iterator[SliceInfo]:
    """The slices that are there; a file that has become one of another series is not."""
    for place in series.slices:
        info = known.get(place)
        if info is not None and f"{series.name} in ".startswith(f"{info.series} in "):
            yield replace(info, series=series.name)


def _require_all(found: Sequence[Sequence[SliceInfo]]) -> None:
    if gone := sum(not slices for slices in found):
        raise DistiliqaError(
            f"{gone} of {len(found)} selected series {'is' if gone == 1 else 'are'} not there any "
            "more",
            remedy="score the folder again",
        )


def _problems(
    series: Sequence[SelectedSeries], failed: Iterable[Problem], found: Iterable[SliceInfo]
) -> Iterator[Problem]:
    """What failed when the series were scored, what fails now, and what is not there any more."""
    wanted = [place for one in series for place in one.slices]
    now = list(_beside(wanted, failed))
    yield from (Problem(*problem) for one in series for problem in one.failed)
    yield from now
    known = {(info.path, info.frame) for info in found}
    reported = {problem.path for problem in now}
    for path, frame in wanted:
        if (path, frame) not in known and path not in reported:
            yield Problem(path, _GONE)
