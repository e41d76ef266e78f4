"""Scored methods over the same slices, and the rank of each by each measure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from distiliqa.report.column import Column
from distiliqa.report.columns import COMPARED, slice_columns
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import counted
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.statistics.rank_stability import Ranking, ranking

SCORE = "score"
# Measures beside the score that have no better end: less noise may be less detail.
DESCRIBING = ("noise_hu", "mtf50_per_mm", "nps_peak_per_mm", "dprime")
LOWER_IS_BETTER = ("gmsd",)


@dataclass(frozen=True)
class Method:
    """One method.

    Attributes
    ----------
    name : str
        As results name it.
    run : ScoringRun
        The scoring of its slices that all methods have.
    slices : tuple[SliceScore, ...]
        Those that could be scored in all methods, in the same order for each.
    alone : int
        Number of its slices that not all methods have.
    """

    name: str
    run: ScoringRun
    slices: tuple[SliceScore, ...]
    alone: int = 0


@dataclass(frozen=True)
class RankedRun:
    """Methods that were scored on the same slices.

    Attributes
    ----------
    methods : in the order given.
    patients : the patient of each slice, numbered from 1.
    reference : as the user named it; None without one.
    notes : for the reader of the ranks, one sentence for each.
    sha256 : of the files of the reference, by path.
    unscored : methods of which no slice could be scored.
    """

    methods: tuple[Method, ...]
    patients: tuple[int, ...]
    reference: str | None
    notes: tuple[str, ...]
    sha256: dict[str, str]
    unscored: tuple[Method, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether all slices of all methods were scored."""
        return not any(method.run.failed or method.run.stopped for method in self.given)

    @property
    def given(self) -> tuple[Method, ...]:
        """All methods, also those without a score."""
        return self.methods + self.unscored

    @property
    def measures(self) -> tuple[Column, ...]:
        """The columns of a leaderboard: score, metrics against the reference, and the others."""
        compared = () if self.reference is None else COMPARED
        return (*slice_columns(SCORE), *compared, *slice_columns(*DESCRIBING))

    @cached_property
    def counted(self) -> tuple[int, ...]:
        """The slices that count: those in the domain in all methods, if there are any."""
        tiers = [
            max(slice_.tier for slice_ in row)
            for row in zip(*(method.slices for method in self.methods), strict=True)
        ]
        return counted(range(len(tiers)), lambda at: tiers[at])

    @cached_property
    def units(self) -> tuple[str, ...] | None:
        """What is drawn, for each slice: its patient; None for blocks of slices of one patient."""
        if len({self.patients[at] for at in self.counted}) == 1:
            return None
        return tuple(f"patient {number}" for number in self.patients)

    def higher_is_better(self, column: Column) -> bool:
        """Direction of a measure that has one."""
        if column.name == SCORE:
            return self.methods[0].run.model.scale.higher_is_better
        return column.name not in LOWER_IS_BETTER

    def ranking(self, column: Column) -> tuple[Ranking, tuple[int, ...]] | None:
        """Rank the methods that have a measure, over the slices where all of these have it.

        Returns
        -------
        The ranking, and the numbers of its methods; None where no slice is left.
        """
        values = np.array([_values(method.slices, column) for method in self.methods])
        values = values[:, self.counted]
        having = np.flatnonzero(np.isfinite(values).any(axis=1))
        kept = np.isfinite(values[having]).all(axis=0)
        if not len(having) or not kept.any():
            return None
        left = [at for at, keep in zip(self.counted, kept, strict=True) if keep]
        units = None if self.units is None else [self.units[at] for at in left]
        found = ranking(
            values[having][:, kept], units, higher_is_better=self.higher_is_better(column)
        )
        return found, tuple(having.tolist())

    @cached_property
    def rankings(self) -> dict[str, tuple[Ranking, tuple[int, ...]]]:
        """All rankings by the name of the measure, of those that are known."""
        found = {column.name: self.ranking(column) for column in self.measures}
        return {name: one for name, one in found.items() if one is not None}

    @property
    def score(self) -> Ranking:
        """The ranking by score, which every method has."""
        return self.rankings[SCORE][0]

    @property
    def order(self) -> list[int]:
        """Numbers of the methods from the first rank by score to the last."""
        return sorted(range(len(self.methods)), key=lambda at: self.score.ranks[at])


def _values(slices: Sequence[SliceScore], column: Column) -> list[float]:
    found = (column.value(slice_) for slice_ in slices)
    return [math.nan if value is None else float(value) for value in found]
