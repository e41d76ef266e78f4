"""Two scored inputs, paired slice by slice, and their differences."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from operator import attrgetter

from distiliqa.compare.pairing import Match
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import counted
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.statistics.paired_difference import Difference, difference


@dataclass(frozen=True)
class ScorePair:
    """The scores of two slices of one place."""

    first: SliceScore
    second: SliceScore

    @property
    def difference(self) -> float:
        """Score of the second minus that of the first."""
        return self.second.score - self.first.score

    @property
    def noise_difference(self) -> float | None:
        """Global noise level of the second minus that of the first, HU; None where one has none."""
        first, second = self.first.noise_hu, self.second.noise_hu
        return None if first is None or second is None else second - first

    @property
    def tier(self) -> int:
        """The higher of both, see `distiliqa.scoring.series_score.counted`."""
        return max(self.first.tier, self.second.tier)

    @property
    def patient(self) -> str | None:
        """The patient that the header of the first names, else that of the second."""
        first, second = self.first.info.patient_id, self.second.info.patient_id
        return second if first is None else first

    @property
    def out_of_domain(self) -> bool:
        """Whether one of the two is out of domain."""
        return self.first.out_of_domain or self.second.out_of_domain


@dataclass(frozen=True)
class SeriesPair:
    """The slices of one series, matched with those of another, in the order of their position."""

    first: str
    second: str
    slices: tuple[ScorePair, ...]


@dataclass(frozen=True)
class PairedRun:
    """Two inputs, scored and compared.

    Attributes
    ----------
    first, second : the scoring of each.
    series : the pairs of series that have matched slices.
    notes : for the reader of the comparison, one sentence for each.
    match : how slices were matched, as asked for; None for by position, by name where that is
        unknown.
    """

    first: ScoringRun
    second: ScoringRun
    series: tuple[SeriesPair, ...]
    notes: tuple[str, ...] = ()
    match: Match | None = None

    @property
    def complete(self) -> bool:
        """Whether all slices of both were scored."""
        runs = (self.first, self.second)
        return not any(run.failed or run.stopped for run in runs)

    @cached_property
    def slices(self) -> tuple[ScorePair, ...]:
        """All matched slices."""
        return tuple(chain.from_iterable(pair.slices for pair in self.series))

    @cached_property
    def unmatched(self) -> tuple[tuple[SliceScore, ...], tuple[SliceScore, ...]]:
        """The slices of the first and of the second that have no partner."""
        first = {id(pair.first) for pair in self.slices}
        second = {id(pair.second) for pair in self.slices}
        return (
            tuple(slice_ for slice_ in self.first.slices if id(slice_) not in first),
            tuple(slice_ for slice_ in self.second.slices if id(slice_) not in second),
        )

    @cached_property
    def counted(self) -> tuple[tuple[ScorePair, ...], ...]:
        """The pairs of each series that count, see `distiliqa.scoring.series_score.counted`."""
        kept = {id(pair) for pair in counted(self.slices, lambda pair: pair.tier)}
        series = (tuple(p for p in one.slices if id(p) in kept) for one in self.series)
        return tuple(filter(None, series))

    @cached_property
    def patients(self) -> int | None:
        """Number of patients that the pairs that count name in A and B; None where one names none.

        More than of one side, where A and B name different patients.
        """
        pairs = list(chain.from_iterable(self.counted))
        if any(pair.patient is None for pair in pairs):
            return None
        sides = (side.info.patient_id for pair in pairs for side in (pair.first, pair.second))
        return len(set(sides) - {None})

    @cached_property
    def draws_patients(self) -> bool:
        """Whether patients are the independent units: every pair names one, not all the same."""
        named = {pair.patient for pair in chain.from_iterable(self.counted)}
        return None not in named and len(named) > 1

    def over(self, value: Callable[[ScorePair], float | None]) -> Difference | None:
        """Summarize a value of each pair that counts and has it; None where none has it.

        Of several patients whole patients are the independent units: slices and series of one
        patient are alike, and an interval that draws these says nothing of other patients.
        """
        groups: dict[object, list[float]] = {}
        for number, pairs in enumerate(self.counted):
            for pair in pairs:
                key = pair.patient if self.draws_patients else number
                if (found := value(pair)) is not None:
                    groups.setdefault(key, []).append(found)
        if not groups:
            return None
        return difference(list(groups.values()), whole=self.draws_patients)

    @cached_property
    def score(self) -> Difference:
        """Differences of the score, over the pairs that count."""
        found = self.over(attrgetter("difference"))
        assert found is not None  # every pair has scores
        return found

    @cached_property
    def noise(self) -> Difference | None:
        """Differences of the global noise level, HU, over the same; None where no pair has it."""
        return self.over(attrgetter("noise_difference"))
