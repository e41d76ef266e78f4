"""The result of scoring: a run over many inputs, its series and what was not scored."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from distiliqa.ct import DoseReport, Problem, SeriesDose
from distiliqa.ct.series_dose import Doses
from distiliqa.errors import DistiliqaError
from distiliqa.metrics.series_measures import PooledMeasures
from distiliqa.models.config import ModelConfig
from distiliqa.scoring.execution import Execution
from distiliqa.scoring.levels import Levels
from distiliqa.scoring.measuring import Measuring
from distiliqa.scoring.protocol_rules import ProtocolRules
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore


@dataclass(frozen=True)
class ScoringRun:
    """The result of one run over many inputs.

    Attributes
    ----------
    model : ModelConfig
        The description of the model.
    inputs : tuple[str, ...]
        The inputs, as the user named them.
    slices : tuple[SliceScore, ...]
        The scores, in reading order.
    failed : tuple[Problem, ...]
        Slices and inputs that could not be scored.
    left_out : tuple[Problem, ...]
        Readable images that are not axial CT slices.
    found : int
        Number of slices found in the inputs.
    sha256 : dict[str, str]
        SHA-256 of each file that slices were read from, by path; of a zip, not of its members.
    seconds : dict[str, float]
        By step: ``index`` reads the headers, ``tuning`` measures executions, ``read`` waits for
        pixels, ``inference`` scores; ``total``.
    stopped : KeyboardInterrupt or DistiliqaError or None
        The cause that ended the run early; None if all slices were tried.
    reference : str or None
        The reference as the user named it; None without one.
    patients : dict[str, int]
        Number of patients named in the slices of a series, by series.
    count_outside : bool
        Let slices out of domain count for their series.
    expected : dict[str, int]
        Number of slices found of each series, by series. A file that cannot be read counts for
        each series with slices in its folder, as it may belong to any of them.
    execution : Execution
        The way in which the model was run.
    dose_reports : tuple[DoseReport, ...]
        Dose reports that were found beside the slices, then those that were named.
    doses : Doses
        The irradiation event of each series, and the events without a series.
    protocols : ProtocolRules or None
        The rules that give series their standard names; None without any.
    levels : Levels or None
        The limits of each standard name; None without any.
    measures : {"none", "basic", "all"}
        What was measured beside the score, see `distiliqa.score`.
    pooled : dict[str, PooledMeasures]
        Measures of the slices of a series together, by series; empty unless asked for.
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
    dose_reports: tuple[DoseReport, ...] = ()
    doses: Doses = field(default_factory=lambda: Doses({}, ()))
    protocols: ProtocolRules | None = None
    levels: Levels | None = None
    measures: Measuring = "none"
    pooled: dict[str, PooledMeasures] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slices", tuple(_numbered(self.slices)))

    @property
    def series(self) -> tuple[SeriesScore, ...]:
        """The scores grouped by series, in reading order."""
        groups = groupby(self.slices, key=lambda slice_: slice_.series)
        return tuple(self._series(name, tuple(slices)) for name, slices in groups)

    def _series(self, name: str, slices: tuple[SliceScore, ...]) -> SeriesScore:
        rules, levels = self.protocols, self.levels
        standard = None if rules is None else rules.name_of(slice_.info for slice_ in slices)
        return SeriesScore(
            name,
            slices,
            patients=self.patients.get(name, 1),
            count_outside=self.count_outside,
            expected=self.expected.get(name, 0),
            dose=self.doses.series.get(name, SeriesDose()),
            standard_name=standard,
            limits=None if levels is None else levels.of(standard),
            pooled=self.pooled.get(name),
        )

    @property
    def sha256_beside(self) -> dict[str, str]:
        """SHA-256 of what was read beside slices, by path: dose reports, rules and levels."""
        given: tuple[DoseReport | ProtocolRules | Levels | None, ...]
        given = (*self.dose_reports, self.protocols, self.levels)
        read = (one for one in given if one is not None)
        return {one.path: one.sha256 for one in read if one.sha256 is not None}

    @property
    def all_sha256(self) -> dict[str, str]:
        """SHA-256 of each input file, by path."""
        return self.sha256 | self.sha256_beside

    def sha256_of(self, path: str) -> str | None:
        """SHA-256 of the file that ``path``, the path of a slice, lies in."""
        places = (path, *map(str, Path(path).parents))
        return next((self.sha256[at] for at in places if at in self.sha256), None)


def _numbered(slices: Iterable[SliceScore]) -> Iterator[SliceScore]:
    """The slices with their number in their series."""
    for _, series in groupby(slices, key=lambda slice_: slice_.series):
        for number, slice_ in enumerate(series, start=1):
            yield slice_ if slice_.number == number else replace(slice_, number=number)
