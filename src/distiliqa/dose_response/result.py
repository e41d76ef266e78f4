"""The scores of a series at several doses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Problem
from distiliqa.dose_response.basis import Basis, Kind, LowestDose, at_dose, lowest_dose
from distiliqa.dose_response.shared_mean import SharedMean, shared_mean
from distiliqa.models.config import ModelConfig
from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.series_entry import percentile, worst_first
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.statistics.block_bootstrap import block_length, mean_interval


@dataclass(frozen=True)
class DosePoint:
    """The slices at one relative dose.

    Attributes
    ----------
    slices : the scores of the slices that count, along the normal.
    """

    dose: float
    slices: tuple[SliceScore, ...]

    @property
    def mean(self) -> float:
        """Mean score."""
        return fmean(slice_.score for slice_ in self.slices)

    @cached_property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the mean over slices, see `mean_interval`; None for few slices."""
        values = [np.array([slice_.score for slice_ in self.slices])]
        return mean_interval(values, block_length(values))

    @property
    def predicted(self) -> tuple[float, float] | None:
        """Mean ends of the prediction intervals of the model; None where it states none."""
        found = [slice_.interval for slice_ in self.slices if slice_.interval is not None]
        if len(found) < len(self.slices):
            return None
        low, high = (fmean(ends) for ends in zip(*found, strict=True))
        return low, high

    def worst_tenth(self, scale: ScoreScale) -> float:
        """The score that a tenth of the slices have or are worse than."""
        return percentile(worst_first(self.slices, scale), _TENTH).score


_TENTH = 0.1


def dprime_of(slice_: SliceScore) -> float | None:
    """Detectability index d' of a slice, of an observer that does not whiten; None if unknown."""
    return None if slice_.measures is None else slice_.measures.detectability.npw


@dataclass(frozen=True)
class DoseResponse:
    """What `distiliqa.dose_response.run.dose_response` gives.

    Attributes
    ----------
    model : the description of the model that scored.
    source : the series, as it was named.
    least : the score to reach.
    points : from full dose down.
    left_out : slices that count at no dose, being out of domain at full dose.
    failed : slices that could not be read or simulated.
    found : slices in the series; the doses were simulated of some of them.
    seed : of the noise.
    sha256 : SHA-256 of each file used, by path.
    shown : the middle slice at each dose, float32, (rows, columns), HU.
    complete : whether all chosen slices were simulated.
    max_noise_hu : the noise level not to exceed, HU; None for no such criterion.
    min_dprime : the detectability index to reach; None for no such criterion.
    """

    model: ModelConfig
    source: str
    least: float
    points: tuple[DosePoint, ...]
    left_out: int
    failed: tuple[Problem, ...]
    found: int
    seed: int
    sha256: dict[str, str]
    shown: tuple[NDArray[np.float32], ...] = field(default=(), repr=False, compare=False)
    complete: bool = True
    max_noise_hu: float | None = None
    min_dprime: float | None = None

    @property
    def doses(self) -> list[float]:
        """Relative doses, from 1 down."""
        return [point.dose for point in self.points]

    @property
    def counted(self) -> int:
        """Number of slices that count."""
        return len(self.points[0].slices)

    @property
    def bases(self) -> tuple[Basis, ...]:
        """The mean, the worse end of each kind of interval that there is, the worst tenth, and the
        criteria of noise and d' that were given.
        """
        curves: dict[Kind, tuple[float, ...]] = {
            "mean": tuple(point.mean for point in self.points),
            "interval": self._worse_ends([point.interval for point in self.points]),
            "prediction": self._worse_ends([point.predicted for point in self.points]),
            "tenth": self._worst_tenths(),
        }
        higher = self.model.scale.higher_is_better
        found = [Basis(kind, values, self.least, higher) for kind, values in curves.items()]
        return tuple(basis for basis in (*found, *self._criteria) if basis.values)

    @property
    def unjudged(self) -> tuple[Basis, ...]:
        """The criteria of noise and d' that were given, and that no slice has at all doses."""
        return tuple(basis for basis in self._criteria if not basis.values)

    @property
    def _criteria(self) -> Iterator[Basis]:
        if self.max_noise_hu is not None:
            noise, missing = self.noise_hu.values, self.noise_hu.missing
            yield Basis("noise", noise, self.max_noise_hu, higher_is_better=False, missing=missing)
        if self.min_dprime is not None:
            dprime, missing = self.dprime.values, self.dprime.missing
            yield Basis("dprime", dprime, self.min_dprime, missing=missing)

    @property
    def safest_first(self) -> tuple[Basis, ...]:
        """The same, from the safer ones on."""
        return tuple(sorted(self.bases, key=lambda basis: not basis.is_safe))

    @property
    def leading(self) -> tuple[Basis, ...]:
        """What the answer is read from: the safe ones, and the criteria that were given.

        The mean where a slice stands alone.
        """
        safe = tuple(basis for basis in self.bases if basis.is_safe) or self.bases[:1]
        return (*safe, *(basis for basis in self._criteria if basis.values))

    def _worse_ends(self, intervals: Sequence[tuple[float, float] | None]) -> tuple[float, ...]:
        """One of each interval; empty where one is not known."""
        worse = 0 if self.model.scale.higher_is_better else 1
        known = tuple(interval[worse] for interval in intervals if interval is not None)
        return known if len(known) == len(intervals) else ()

    def _worst_tenths(self) -> tuple[float, ...]:
        """Empty for one slice."""
        if self.counted == 1:
            return ()
        return tuple(point.worst_tenth(self.model.scale) for point in self.points)

    @cached_property
    def noise_hu(self) -> SharedMean:
        """Mean global noise level at each dose, HU."""
        return self._shared(lambda slice_: slice_.noise_hu)

    @cached_property
    def dprime(self) -> SharedMean:
        """Mean detectability index d' at each dose."""
        return self._shared(dprime_of)

    def _shared(self, value: Callable[[SliceScore], float | None]) -> SharedMean:
        columns = [[value(slice_) for slice_ in point.slices] for point in self.points]
        return shared_mean(zip(*columns, strict=True))

    def lowest(self, basis: Basis) -> LowestDose:
        """The lowest dose at which a curve reaches its goal."""
        sign = 1 if basis.higher_is_better else -1
        return lowest_dose(self.doses, [sign * v for v in basis.values], sign * basis.goal)

    def at(self, basis: Basis, dose: float) -> float | None:
        """The value of a curve at any dose between the simulated ones; None beyond them."""
        return at_dose(self.doses, basis.values, dose)

    @property
    def processed(self) -> int:
        """Number of slices that count as processed at full dose."""
        return sum(slice_.counts_as_processed for slice_ in self.points[0].slices)

    @property
    def ctdivol_mgy(self) -> float | None:
        """Mean CTDIvol of the slices at full dose, mGy; None where one does not state it."""
        known = [slice_.acquisition.ctdivol_mgy for slice_ in self.points[0].slices]
        stated = [value for value in known if value is not None]
        return fmean(stated) if len(stated) == len(known) else None
