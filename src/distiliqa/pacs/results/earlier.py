"""What was reported of a series before more of it came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pydicom import Dataset, dcmread

from distiliqa.errors import DistiliqaError
from distiliqa.pacs.results.read_scores import read_scores
from distiliqa.scoring.result import ScoringRun


@dataclass(frozen=True)
class Earlier:
    """The last reports of a series; none where it is new.

    Attributes
    ----------
    reports : structured reports.
    missing : number of slices that they rate and that are here no more.
    """

    reports: Sequence[Dataset] = ()
    missing: int = 0

    @classmethod
    def of(cls, results: Path, images: Path) -> Earlier:
        """What is in the results before ``results``, such as ``<hash>`` before ``<hash>-2``.

        Parameters
        ----------
        images : the folder of the images, by their SOP Instance UIDs.
        """
        name, _, number = results.name.partition("-")
        before = [results.with_name(f"{name}-{n}") for n in range(int(number or 1) - 1, 1, -1)]
        for folder in (*before, *([results.with_name(name)] if number else [])):
            if paths := sorted(folder.glob("sr/*.dcm")):
                return cls._of(paths, {path.stem for path in images.glob("*.dcm")})
        return cls()

    @classmethod
    def _of(cls, paths: Sequence[Path], here: Collection[str]) -> Earlier:
        try:
            filed = [score for path in paths for score in read_scores(path)]
        except DistiliqaError:  # nobody can refer to a report that is damaged
            return cls()
        missing = sum(score.sop_uid not in here for score in filed)
        return cls([dcmread(path) for path in paths], missing)

    def counted(self, run: ScoringRun) -> ScoringRun:
        """A run that knows of the missing slices, which may be of any of its series."""
        if not self.missing:
            return run
        scored = Counter(score.series for score in run.slices)
        expected = {
            series: max(run.expected.get(series, 0), count) + self.missing
            for series, count in scored.items()
        }
        return replace(run, expected=expected, found=run.found + self.missing)
