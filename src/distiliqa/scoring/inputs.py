"""From what the user names (files, folders, zips, globs) to the slices, in reading order."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Iterator
from os.path import exists, realpath
from pathlib import Path

from distiliqa.ct import CTIndex, Problem, SliceRef, index_ct
from distiliqa.ct.series import in_reading_order
from distiliqa.errors import CTReadError, DistiliqaError


def index_inputs(inputs: Iterable[str | Path]) -> CTIndex:
    """Index every input; one that holds no CT becomes a problem in ``failed``, none stops the rest.

    Slices of one series that were named one by one are brought together in their order; versions
    of a series that were named apart stay apart; a file that is reached twice is read once.
    """
    joined = CTIndex.joined(_index(path) for each in inputs for path in _expand(each))
    # Copies inside an input are left out already; a copy that was asked for by name is scored.
    ordered = in_reading_order(_once(joined.slices), digest=lambda path: None)
    return CTIndex(ordered.slices, joined.failed, joined.left_out)


def problem_of(error: Exception, path: str) -> Problem:
    """Put an error with ``path`` down as one line that does not name the path."""
    if not isinstance(error, DistiliqaError):
        return Problem(path, " ".join(str(error).split()) or type(error).__name__)
    return Problem(str(error.path or path), error.reason)


def _index(path: str) -> CTIndex:
    try:
        return index_ct(path)
    except (CTReadError, OSError) as error:
        return CTIndex(failed=(problem_of(error, path),))


def _expand(path: str | Path) -> Iterator[str]:
    """Expand a glob, which shells on Windows leave to the program; a path that exists is itself."""
    matches = [] if exists(path) else sorted(glob.glob(str(path), recursive=True))
    yield from matches or [str(path)]


def _once(slices: Iterable[SliceRef]) -> Iterable[SliceRef]:
    """Drop slices of files that were reached twice, such as by a folder and by name."""
    found: dict[tuple[str, int], SliceRef] = {}
    for each in slices:
        found.setdefault((realpath(each.path), each.frame), each)
    return found.values()
