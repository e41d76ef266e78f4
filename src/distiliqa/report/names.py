"""Names of series, slices and files in a report. They identify nobody unless the user asks."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from distiliqa.ct import Problem
from distiliqa.ct.series import COPY_OF
from distiliqa.errors import one_line, without_paths
from distiliqa.report.labels import series_labels
from distiliqa.scoring.result import ScoringRun, SliceScore

MAX_LABEL = 60


@dataclass(frozen=True)
class Names:
    """Names for a report.

    UIDs, paths and names of files may hold the name of the patient and the date. Without
    ``identify``, a series is named by the start of the SHA-256 of its UID, a slice by its number,
    and a file not at all.

    Attributes
    ----------
    series : names of the series of the run, in reading order.
    """

    identify: bool
    series: tuple[str, ...]

    @classmethod
    def of(cls, run: ScoringRun, *, identify: bool) -> Names:
        """The names for a run."""
        if identify:
            return cls(True, tuple(series_labels(run.series, MAX_LABEL)))
        return cls(False, tuple(_short_hashes([series.series for series in run.series])))

    def slice(self, slice_: SliceScore) -> str:
        """Name a slice inside its series by its number and its position."""
        named = self.identify and slice_.path
        file = f"{one_line(PurePath(slice_.path).name)}, " if named else ""
        place = "" if slice_.position_mm is None else f", z {slice_.position_mm:.1f} mm"
        return f"{file}slice {slice_.number}{place}"

    def reason(self, problem: Problem, known: KnownPaths) -> str:
        """Why a file gave no score; without ``identify``, without the paths that it mentions.

        Parameters
        ----------
        known : paths that the reason may name.
        """
        if self.identify:
            return problem.reason
        if problem.reason.startswith(COPY_OF):  # the original may not be known: a run may stop
            return f"{COPY_OF}a file"
        named = {problem.path, *known.named_in(problem.reason)}
        # A path stands only where its name does; to look for that first is a hundred times faster.
        there = [path for path in named if PurePath(path).name in problem.reason]
        return without_paths(problem.reason, there)


class KnownPaths:
    """Paths that a text may name, found from the text and not one by one.

    Parameters
    ----------
    paths : all that there are: of thousands of files each may have a reason that names another.
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


def _short_hashes(uids: Sequence[str]) -> list[str]:
    """A short hash for each UID, twice as long where two begin alike: in 1 % of runs of 10,000."""
    hashes = [short_hash(uid) for uid in uids]
    count = Counter(hashes)
    return [
        name if count[name] == 1 else short_hash(uid, 16)
        for uid, name in zip(uids, hashes, strict=True)
    ]
