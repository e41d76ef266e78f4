"""The result of scoring: a run over many inputs, its series and what was not scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.models.config import ModelConfig
from distiliqa.scoring.execution import Execution
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore


@dataclass(frozen=True)
class ScoringRun:
    """What one run over many inputs gave.

    Attributes
    ----------
    model : ModelConfig
        The description of the model that scored.
    inputs : tuple[str, ...]
        What was asked to be scored, as it was named.
    slices : tuple[SliceScore, ...]
        The scores, in reading order.
    failed : tuple[Problem, ...]
        Slices and inputs that could not be scored.
    left_out : tuple[Problem, ...]
        Readable images that are not axial CT, which nobody expects to be scored.
    found : int
        Number of slices found in the inputs.
    sha256 : dict[str, str]
        SHA-256 of each file read, by path; of a zip, not of its members.
    seconds : dict[str, float]
        ``index`` to read the headers, ``tuning`` to find how to score many slices, ``read`` that
        the model waited for pixels, ``inference`` to score, ``total``.
    stopped : KeyboardInterrupt or DistiliqaError or None
        What ended the run before all slices were scored; None if nothing did.
    reference : str or None
        What the slices were compared with, as it was named; None if with nothing.
    patients : dict[str, int]
        Number of patients that the slices of a series say they are of, by series.
    count_outside : bool
        Let slices out of domain count for their series.
    expected : dict[str, int]
        Number of slices found of each series, by series. A file that cannot be read at all counts
        for each series with slices in its folder, for it may be of any of them.
    execution : Execution
        What ran the model, and how.
    """

    model: ModelConfig
    inputs: tuple[str, ...]
    slices: tuple[SliceScore, ...]
    failed: tuple[Problem, ...]
    left_out: tuple[Problem, ...]
    found: int
    sha256: dict[str, str]
    seconds: dict[str, float]
    stopped: KeyboardInterrupt | DistiliqaError | None = None
    reference: str | None = None
    patients: dict[str, int] = field(default_factory=dict)
    count_outside: bool = False
    expected: dict[str, int] = field(default_factory=dict)
    execution: Execution = field(default_factory=Execution)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slices", tuple(_numbered(self.slices)))

    @property
    def series(self) -> tuple[SeriesScore, ...]:
        """The scores grouped by series, in reading order."""
        groups = groupby(self.slices, key=lambda slice_: slice_.series)
        return tuple(
            SeriesScore(
                series,
                tuple(slices),
                self.patients.get(series, 1),
                self.count_outside,
                self.expected.get(series, 0),
            )
            for series, slices in groups
        )

    def sha256_of(self, path: str) -> str | None:
        """SHA-256 of the file that ``path``, the path of a slice, lies in."""
        places = (path, *map(str, Path(path).parents))
        return next((self.sha256[at] for at in places if at in self.sha256), None)


def _numbered(slices: Iterable[SliceScore]) -> Iterator[SliceScore]:
    """The slices with their number in their series."""
    for _, series in groupby(slices, key=lambda slice_: slice_.series):
        for number, slice_ in enumerate(series, start=1):
            yield slice_ if slice_.number == number else replace(slice_, number=number)
