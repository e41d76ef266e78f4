"""Names of series, slices and files in a report. They identify nobody unless the user asks."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from distiliqa.ct import Problem
from distiliqa.ct.listing import COPY_OF
from distiliqa.errors import one_line, without_paths
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

MAX_LABEL = 60
ARRAY = "array"  # what has no file


@dataclass(frozen=True)
class Names:
    """Names for a report.

    UIDs, paths and names of files may hold the name of the patient and the date. Without
    ``identify``, a series is named by its number in the study, the time of day of its scan and the
    start of the SHA-256 of its UID, a slice by its number, and a file not at all.

    Attributes
    ----------
    series : tuple[str, ...]
        Names of the series of the run, in reading order.
    """

    identify: bool
    series: tuple[str, ...]

    @classmethod
    def of(cls, run: ScoringRun, *, identify: bool) -> Names:
        """The names for a run."""
        if identify:
            return cls(True, tuple(series_labels(run.series, MAX_LABEL)))
        hashes = file_names(run)
        named = zip(map(_scan_of, run.series), hashes, strict=True)
        return cls(False, tuple(f"{scan}{name}" for scan, name in named))

    @property
    def meaning(self) -> str:
        """What names of series are made of; empty where they are names of files."""
        if self.identify:
            return ""
        return (
            "A name is the number of the series in its study, the time of day of its scan, and the "
            "first digits of the SHA-256 of its UID, as far as they are known. It names nobody."
        )

    def slice(self, slice_: SliceScore) -> str:
        """Name a slice inside its series by its number and its position."""
        named = self.identify and slice_.path
        file = f"{one_line(PurePath(slice_.path).name)}, " if named else ""
        place = "" if slice_.position_mm is None else f", z {slice_.position_mm:.1f} mm"
        return f"{file}slice {slice_.number}{place}"

    def reason(self, problem: Problem, known: KnownPaths) -> str:
        """The reason why a file has no score; without ``identify``, paths are removed from it.

        Parameters
        ----------
        known : KnownPaths
            Paths that the reason may name.
        """
        if self.identify:
            return problem.reason
        if problem.reason.startswith(COPY_OF):  # the original may not be known: a run may stop
            return f"{COPY_OF}a file"
        named = {problem.path, *known.named_in(problem.reason)}
        # A path occurs only where its last part does, and that part is found far faster.
        there = [path for path in named if PurePath(path).name in problem.reason]
        return without_paths(problem.reason, there)


class KnownPaths:
    """Paths that a text may name, found from the text and not one by one.

    Parameters
    ----------
    paths : Iterable[str]
        All paths of the run; a reason may name another file.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = frozenset(paths) - {""}
        self._lengths = sorted({len(path) for path in self._paths})
        self._begin = {path[0] for path in self._paths}

    def named_in(self, text: str) -> set[str]:
        """The paths in ``text`` that begin at the start of a word."""
        starts = (
            at
            for at, letter in enumerate(text)
            if letter in self._begin and not (at and _is_word(text[at - 1]))
        )
        parts = (text[at : at + length] for at in starts for length in self._lengths)
        return {part for part in parts if part in self._paths}


def _is_word(letter: str) -> bool:
    return letter.isalnum() or letter == "_"


def short_hash(uid: str, digits: int = 8) -> str:
    """A name that identifies nobody: the first eight digits of the SHA-256 of a UID or path."""
    return hashlib.sha256(uid.encode("utf-8", "surrogateescape")).hexdigest()[:digits]


def file_names(run: ScoringRun) -> list[str]:
    """A name for the files of each series of a run, its short hash: it identifies nobody."""
    return _short_hashes([series.series for series in run.series])


def _scan_of(series: SeriesScore) -> str:
    """``series 4, 10:22:31, `` as far as the headers state it: no date, so that it names nobody.

    ``series `` alone where they state neither: a spreadsheet takes some hashes for numbers.
    """
    stated = [slice_.info.identification for slice_ in series.slices]
    numbers = [one.series_number for one in stated if one.series_number is not None]
    times = [one.scan_time for one in stated if one.scan_time is not None]
    number = [f"series {numbers[0]}"] if numbers else []
    return "".join(f"{part}, " for part in (*number, *sorted(times)[:1])) or "series "


def _short_hashes(uids: Sequence[str]) -> list[str]:
    """A short hash for each UID, twice as long where two begin alike: in 1 % of runs of 10,000."""
    hashes = [short_hash(uid) for uid in uids]
    count = Counter(hashes)
    return [
        name if count[name] == 1 else short_hash(uid, 16)
        for uid, name in zip(uids, hashes, strict=True)
    ]


def series_labels(series: Sequence[SeriesScore], width: int) -> list[str]:
    """Label each series by its path, without the part that all paths share.

    Series that lie in one folder are numbered; labels longer than ``width`` keep their end.
    """
    places = [_place(one) for one in series]
    shared = _common(places)
    if shared in places:
        shared = os.path.dirname(shared)
    labels = [_inside(shared, place) for place in places]
    counts, seen = Counter(labels), Counter[str]()
    for at, label in enumerate(labels):
        seen[label] += 1
        if counts[label] > 1:
            labels[at] = f"{label} ({seen[label]})"
    return [_shortened(label, width) for label in labels]


def slice_labels(slices: Sequence[SliceScore], width: int) -> list[str]:
    """The file of each slice in the folder they share, with its number where it holds several."""
    folder = _common([os.path.dirname(slice_.path) for slice_ in slices])
    per_file = Counter(slice_.path for slice_ in slices)
    labels = []
    for slice_ in slices:
        number = f" [{slice_.number}]" if per_file[slice_.path] > 1 else ""
        file = _inside(folder, slice_.path) if slice_.path else ARRAY
        labels.append(_shortened(file + number, width))
    return labels


def _place(series: SeriesScore) -> str:
    """The one file that holds the slices, or the folder that holds their files."""
    paths = {slice_.path for slice_ in series.slices}
    if paths == {""}:
        return series.series or ARRAY
    return paths.pop() if len(paths) == 1 else _common([os.path.dirname(path) for path in paths])


def _common(paths: Sequence[str]) -> str:
    """The folder that holds all paths; empty where some are relative and some are not."""
    try:
        return os.path.commonpath(paths)
    except ValueError:
        return ""


def _inside(folder: str, path: str) -> str:
    return os.path.relpath(path, folder) if folder else path or "."


def _shortened(label: str, width: int) -> str:
    """The end of a long label, where names of files and UIDs differ."""
    label = one_line(label)
    return label if len(label) <= width else "…" + label[1 - width :]
