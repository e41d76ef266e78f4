"""From what the user names (files, folders, zips, globs) to the slices, in reading order."""

from __future__ import annotations

import glob
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from os.path import exists, realpath
from pathlib import Path
from time import perf_counter

from distiliqa.ct import CTIndex, DoseReport, Problem, SliceInfo, index_ct, read_dose_report
from distiliqa.ct.containers.walk import natural_key
from distiliqa.ct.listing import in_reading_order
from distiliqa.errors import CTReadError, DistiliqaError, NotCTError


@dataclass(frozen=True)
class Found:
    """The slices that a run will score.

    Attributes
    ----------
    inputs : tuple[str, ...]
        The inputs as the user named them.
    index : CTIndex
        The slices, and the files without one.
    expected : dict[str, int]
        Number of slices that each series should have, by series. A file that cannot be read counts
        for each series with slices in its folder, as it may belong to any of them.
    seconds : float
        Time to read the headers.
    """

    inputs: tuple[str, ...]
    index: CTIndex
    expected: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    def named(self, inputs: Iterable[str], name: Callable[[str], str]) -> Found:
        """The same slices by other names, see `CTIndex.named`."""
        return replace(self, inputs=tuple(inputs), index=self.index.named(name))


def find_slices(
    inputs: Iterable[str | Path], missing: Iterable[Problem] = (), *, required: bool = True
) -> Found:
    """Index ``inputs``, see `index_inputs`, and count the slices that each series should have.

    Parameters
    ----------
    missing : Iterable[Problem]
        Files that belong to the inputs and are not there, such as those that a server did not send.
        They fail, and the series of their folders are incomplete.
    required : bool
        As in `index_inputs`.
    """
    start = perf_counter()
    named = tuple(str(path) for path in inputs)
    index = index_inputs(named, required=required)
    index = replace(index, failed=(*index.failed, *missing))
    return found_in(index, named, perf_counter() - start)


def found_in(index: CTIndex, inputs: tuple[str, ...], seconds: float = 0.0) -> Found:
    """Count the slices that each series of an index should have."""
    return Found(inputs, index, _expected(index), seconds)


def _expected(index: CTIndex) -> dict[str, int]:
    """The number of slices that each series should have, see `Found`."""
    counts = Counter(info.series for info in index.slices)
    folders = defaultdict[str, set[Path]](set)
    for info in index.slices:
        folders[info.series].add(Path(info.path).parent)
    unread_in = Counter(folder for problem in index.failed for folder in folders_of(problem))
    return {
        series: count + sum(unread_in[folder] for folder in folders[series])
        for series, count in counts.items()
    }


def folders_of(problem: Problem) -> tuple[Path, Path]:
    """The folders whose series may lack what a problem names.

    A problem of a folder as a whole is one of at least one of its files.
    """
    path = Path(problem.path)
    return path, path.parent


def index_inputs(inputs: Iterable[str | Path], *, required: bool = True) -> CTIndex:
    """Index every input. An input without CT becomes a problem in ``failed``; the others go on.

    Slices of one series that the user named one by one become one series, in order. Versions of a
    series that were named apart stay apart. A file that is reached twice is read once.

    Parameters
    ----------
    required : bool
        False for inputs that nobody named one by one: those that hold no axial CT, such as series
        of localizers, are left out, unless no input has slices.
    """
    paths = [path for name in inputs for path in _expand(name)]
    joined = CTIndex.joined(_index(path, required) for path in paths)
    if not (required or joined.slices):
        joined = CTIndex.joined(_index(path, required=True) for path in paths)
    # Copies inside an input are left out already; a copy that was asked for by name is scored.
    ordered = in_reading_order(_once(joined.slices), digest=lambda path: None)
    return replace(joined, slices=ordered.slices)


def problem_of(error: Exception, path: str) -> Problem:
    """Turn an error with ``path`` into a problem, whose reason is one line without the path."""
    if not isinstance(error, DistiliqaError):
        text = error.strerror if isinstance(error, OSError) else str(error)
        return Problem(path, " ".join((text or str(error)).split()) or type(error).__name__)
    return Problem(str(error.path or path), error.reason)


def _index(path: str, required: bool) -> CTIndex:
    try:
        return index_ct(path)
    except (CTReadError, OSError) as error:
        problem, is_other = problem_of(error, path), isinstance(error, NotCTError)
        report = _dose_report(path) if is_other else None
        if report is not None:
            return CTIndex(left_out=(problem,), dose_reports=(report,))
        if is_other and not required:
            return CTIndex(left_out=(problem,))
        return CTIndex(failed=(problem,))


def _dose_report(path: str) -> DoseReport | None:
    """The radiation dose report in a file, which a pattern may name beside images; else None."""
    try:
        return read_dose_report(path)
    except (CTReadError, OSError):
        return None


def _expand(path: str | Path) -> Iterator[str]:
    """Expand a glob, which shells on Windows leave to the program; a path that exists is itself."""
    found = [] if exists(path) else glob.glob(str(path), recursive=True)
    matches = sorted(found, key=natural_key)
    yield from matches or [str(path)]


def _once(slices: Iterable[SliceInfo]) -> Iterable[SliceInfo]:
    """Drop slices of files that were reached twice, such as by a folder and by name."""
    found: dict[tuple[str, int], SliceInfo] = {}
    for info in slices:
        found.setdefault((realpath(info.path), info.frame), info)
    return found.values()
