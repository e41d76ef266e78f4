"""The scores of a series at several doses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from statistics import fmean
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Problem
from distiliqa.models.config import ModelConfig
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.statistics.block_bootstrap import block_length, mean_interval


@dataclass(frozen=True)
class LowestDose:
    """The lowest relative dose whose quality suffices, and what bounds it.

    Attributes
    ----------
    dose : None where full dose does not suffice.
    bound : ``crossing``, where the curve falls below; ``simulated``, where the lowest dose that was
        simulated suffices still; ``full``, where full dose does not suffice.
    """

    dose: float | None
    bound: Literal["crossing", "simulated", "full"]


class Basis(NamedTuple):
    """A curve over dose, which the lowest dose can be read from.

    Attributes
    ----------
    kind : ``mean`` score, or the worse end of the ``interval`` of the mean or of the
        ``prediction`` interval of the model.
    """

    kind: Literal["mean", "interval", "prediction"]
    values: tuple[float, ...]

    @property
    def name(self) -> str:
        """In words."""
        return {
            "mean": "mean score",
            "interval": "95 % interval of the mean, worse end",
            "prediction": "prediction interval, worse end",
        }[self.kind]


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
        """95 % interval of the mean over slices, see `mean_interval`; None for one slice."""
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

    @property
    def noise_hu(self) -> float | None:
        """Mean global noise level, HU, of the slices that have one."""
        known = [slice_.noise_hu for slice_ in self.slices if slice_.noise_hu is not None]
        return fmean(known) if known else None


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

    @property
    def doses(self) -> list[float]:
        """Relative doses, from 1 down."""
        return [point.dose for point in self.points]

    @property
    def bases(self) -> tuple[Basis, ...]:
        """The mean, and the worse end of each kind of interval that there is."""
        found = (
            Basis("mean", tuple(point.mean for point in self.points)),
            Basis("interval", self._worse_ends([point.interval for point in self.points])),
            Basis("prediction", self._worse_ends([point.predicted for point in self.points])),
        )
        return tuple(basis for basis in found if basis.values)

    def _worse_ends(self, intervals: Sequence[tuple[float, float] | None]) -> tuple[float, ...]:
        """One of each interval; empty where one is not known."""
        worse = 0 if self.model.scale.higher_is_better else 1
        known = tuple(interval[worse] for interval in intervals if interval is not None)
        return known if len(known) == len(intervals) else ()

    def lowest(self, basis: Basis) -> LowestDose:
        """The lowest dose at which a curve reaches the score."""
        sign = 1 if self.model.scale.higher_is_better else -1
        return lowest_dose(self.doses, [sign * v for v in basis.values], sign * self.least)

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


def lowest_dose(doses: Sequence[float], quality: Sequence[float], least: float) -> LowestDose:
    """The lowest dose down to which the quality stays at ``least`` or above.

    Parameters
    ----------
    doses : falling, from full dose on.
    quality : at each dose, higher is better.
    """
    if quality[0] < least:
        return LowestDose(None, "full")
    below = next((n for n, value in enumerate(quality) if value < least), None)
    if below is None:
        return LowestDose(doses[-1], "simulated")
    high, low = quality[below - 1], quality[below]
    share = (high - least) / (high - low)
    logs = np.log(doses[below - 1 : below + 1])
    return LowestDose(float(np.exp(logs[0] + share * (logs[1] - logs[0]))), "crossing")


def at_dose(doses: Sequence[float], values: Sequence[float], dose: float) -> float | None:
    """The value at a dose between the simulated ones; None beyond them.

    Parameters
    ----------
    doses : falling.
    """
    if not doses[-1] <= dose <= doses[0]:
        return None
    return float(np.interp(np.log(dose), np.log(doses[::-1]), values[::-1]))
