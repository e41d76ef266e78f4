"""The score of one series: which of its slices count, and their means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import fmean
from typing import TypeVar

from distiliqa.ct import Acquisition, SeriesDose
from distiliqa.errors import one_line
from distiliqa.metrics.series_measures import PooledMeasures
from distiliqa.scoring.acquisition_summary import Variation, summary, variations
from distiliqa.scoring.equivalence import equivalence_warning, normalized_of
from distiliqa.scoring.levels import Limits
from distiliqa.scoring.series_warnings import series_warnings
from distiliqa.scoring.slice_score import SliceScore, score_text

Item = TypeVar("Item")


@dataclass(frozen=True, repr=False)
class SeriesScore:
    """The scores of one series.

    Attributes
    ----------
    series : str
        Its UID, or the file or folder that stands for it.
    slices : tuple[SliceScore, ...]
        In reading order.
    patients : int
        Number of patients named in the slices; 1 where they name none.
    count_outside : bool
        Let all slices count, also those out of domain or without a patient.
    expected : int
        Number of slices that the series should have, see `ScoringRun`; 0 if unknown.
    dose : SeriesDose
        Its irradiation event in the dose reports of the run, or the reason why there is none.
    standard_name : str or None
        Name of its protocol by the rules of the run; None where no rule matches.
    limits : Limits or None
        Limits of the levels of the run for its standard name; None in a run without levels.
    pooled : PooledMeasures or None
        Sharpness, texture and detectability of the slices that count together; None unless asked
        for.
    """

    series: str
    slices: tuple[SliceScore, ...]
    patients: int = 1
    count_outside: bool = False
    expected: int = 0
    dose: SeriesDose = field(default_factory=SeriesDose)
    standard_name: str | None = None
    limits: Limits | None = None
    pooled: PooledMeasures | None = None

    def __repr__(self) -> str:
        name = f" {one_line(self.series)}" if self.series else ""
        count = "1 slice" if len(self.slices) == 1 else f"{len(self.slices)} slices"
        return f"<SeriesScore{name}: {score_text(self.score, self.interval)}, {count}>"

    @property
    def complete(self) -> bool:
        """Whether all slices that were found were scored; gaps of positions are in ``warnings``."""
        return len(self.slices) >= self.expected

    @property
    def known(self) -> tuple[SliceScore, ...]:
        """The slices that count for the series, see `counted`: every number of it is of these."""
        if self.count_outside:
            return self.slices
        return counted(self.slices, lambda slice_: slice_.tier)

    @property
    def score(self) -> float:
        """Mean over the slices that count."""
        return fmean(slice_.score for slice_ in self.known)

    @property
    def interval(self) -> tuple[float, float] | None:
        """Mean of the lower and of the upper ends: errors of slices of one series go together.

        The score of a slice without a patient has no width. None if a slice with a patient has no
        interval, as the mean is over all of them, and if no slice shows a patient.
        """
        known = self.known
        ends = [(slice_.score,) * 2 if slice_.empty else slice_.interval for slice_ in known]
        found = [interval for interval in ends if interval is not None]
        if len(found) < len(known) or all(slice_.empty for slice_ in known):
            return None
        low, high = (fmean(side) for side in zip(*found, strict=True))
        return low, high

    @property
    def noise_hu(self) -> float | None:
        """Mean global noise level of the slices that count, HU; None where none of them has one."""
        levels = [slice_.noise_hu for slice_ in self.known if slice_.noise_hu is not None]
        return fmean(levels) if levels else None

    @property
    def processed(self) -> float | None:
        """Mean probability of processing of the slices that count; None where none has one."""
        found = [slice_.processed for slice_ in self.known if slice_.processed is not None]
        return fmean(found) if found else None

    @property
    def processed_slices(self) -> int | None:
        """Number of slices that count as processed; None for a model that reports none."""
        if all(slice_.processed is None for slice_ in self.slices):
            return None
        return sum(slice_.counts_as_processed for slice_ in self.slices)

    @property
    def acquisition(self) -> Acquisition:
        """Summary of the acquisition of the slices that count, see `summary`."""
        return summary(slice_.acquisition for slice_ in self.known)

    @property
    def variations(self) -> dict[str, Variation]:
        """Mean and range of what varies in the slices that count, see `variations`."""
        return variations(slice_.acquisition for slice_ in self.known)

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings on the series as a whole, see `series_warnings`, on its dose and its noise."""
        of_slices = series_warnings(
            [slice_.position_mm for slice_ in self.slices],
            [slice_.acquisition for slice_ in self.slices],
            self.patients,
        )
        processed = [slice_.counts_as_processed for slice_ in self.known]
        normalized = normalized_of(self.known)
        guard = equivalence_warning(self.acquisition, processed, normalized)
        return (*of_slices, *self.dose.warnings, *([] if guard is None else [guard]))

    @property
    def all_warnings(self) -> tuple[str, ...]:
        """Those of the series as a whole, then those of its slices."""
        return (*self.warnings, *(text for slice_ in self.slices for text in slice_.warnings))


def counted(items: Iterable[Item], tier: Callable[[Item], int]) -> tuple[Item, ...]:
    """Return the items of the lowest tier that occurs, in their order.

    If any slice is in the domain, only such slices count. Else slices out of domain count. Images
    without a patient have the worst score of the scale, and count only if there is nothing else.

    Parameters
    ----------
    tier : Callable[[Item], int]
        0 for a slice in the domain, 1 for one out of domain, 2 for one without a patient, see
        `distiliqa.scoring.slice_score.SliceScore.tier`.
    """
    items = tuple(items)
    lowest = min(map(tier, items), default=0)
    return tuple(item for item in items if tier(item) == lowest)
