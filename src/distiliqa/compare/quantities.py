"""What a comparison measures beside the score: noise, dose, sharpness, texture, detectability."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from distiliqa.compare.result import PairedRun, ScorePair
from distiliqa.report import mean_columns
from distiliqa.report.columns import Column
from distiliqa.statistics.paired_difference import Difference

# Columns of a slice that are compared as differences, where they are known, and as ratios.
DIFFERENCES = ("mtf50_per_mm", "nps_peak_per_mm", "dprime", "ssde_mgy")
_NOISE, _PEAK = "noise_hu", "nps_peak_per_mm"
_CTDIVOL = "ctdivol_mgy"
_DOSES = (_CTDIVOL, "ssde_mgy")
# Just-noticeable differences of the peak frequency, 0.2 lp/cm in the body and 0.4 in the lung
# (doi 10.1117/1.JMI.11.3.035501).
NOTICEABLE_PER_MM, NOTICEABLE_IN_LUNG_PER_MM = 0.02, 0.04
_CHEST = ("chest",)  # `SliceInfo.regions`


@dataclass(frozen=True)
class Ratio:
    """B over A: the geometric mean of the ratios of matched slices.

    Attributes
    ----------
    value : float
        The ratio.
    interval : tuple[float, float] or None
        95 % interval of it, drawn as that of the score; None where that has none.
    n : int
        Matched slices.
    """

    value: float
    interval: tuple[float, float] | None
    n: int

    def power(self, exponent: float) -> Ratio:
        """The ratio to a power."""
        ends = None if self.interval is None else sorted(end**exponent for end in self.interval)
        return Ratio(self.value**exponent, None if ends is None else (ends[0], ends[1]), self.n)


@dataclass(frozen=True)
class Quantities:
    """Differences and ratios of B against A over the pairs that count.

    Attributes
    ----------
    differences : dict[str, Difference]
        B minus A by column, of those that are known in any pair.
    noise : Ratio or None
        Noise level of B over A.
    doses : dict[str, Ratio]
        Stated CTDIvol and SSDE of B over A, of those that are known.
    texture_changed : bool or None
        Whether the peak of the noise power spectrum moved by a just-noticeable difference or more;
        None where it is not known.
    noticeable_per_mm : float
        That difference, 1/mm.
    other_phantoms : int
        Number of pairs whose CTDIvol is of a phantom of 16 cm in one slice and of 32 cm in the
        other: they have no ratio of it.
    """

    differences: dict[str, Difference]
    noise: Ratio | None
    doses: dict[str, Ratio]
    texture_changed: bool | None
    noticeable_per_mm: float
    other_phantoms: int = 0

    @property
    def implied_dose(self) -> Ratio | None:
        """The dose of B over A that the noise implies, if both are filtered back-projection.

        Noise falls with the square root of the dose.
        """
        return None if self.noise is None else self.noise.power(-2)


def quantities(run: PairedRun) -> Quantities:
    """Measure a comparison."""
    columns = {column.name: column for column in mean_columns.MEASURES}
    known = [columns[name] for name in DIFFERENCES if name in columns]
    found = {column.name: run.over(_minus(column)) for column in known}
    differences = {name: value for name, value in found.items() if value is not None}
    doses = {name: _ratio(run, columns[name]) for name in _DOSES if name in columns}
    noticeable = NOTICEABLE_IN_LUNG_PER_MM if _is_chest(run) else NOTICEABLE_PER_MM
    peak = differences.get(_PEAK)
    return Quantities(
        differences,
        _ratio(run, columns[_NOISE]),
        {name: ratio for name, ratio in doses.items() if ratio is not None},
        None if peak is None else abs(peak.mean) >= noticeable,
        noticeable,
        sum(_phantoms_differ(pair) for pairs in run.counted for pair in pairs),
    )


def _phantoms_differ(pair: ScorePair) -> bool:
    """Whether the phantoms of CTDIvol are known and differ: a factor of about 2 of no dose."""
    sides = (pair.first, pair.second)
    if any(side.acquisition.ctdivol_mgy is None for side in sides):
        return False
    return len({side.ctdi_phantom_cm for side in sides} - {None}) > 1


def _values(pair: ScorePair, column: Column) -> tuple[float, float] | None:
    """The finite values of a measure in both slices; None where they cannot be compared."""
    if column.name == _CTDIVOL and _phantoms_differ(pair):
        return None
    first, second = column.value(pair.first), column.value(pair.second)
    if first is None or second is None or not (math.isfinite(first) and math.isfinite(second)):
        return None
    return first, second


def _minus(column: Column) -> Callable[[ScorePair], float | None]:
    def take(pair: ScorePair) -> float | None:
        values = _values(pair, column)
        return None if values is None else values[1] - values[0]

    return take


def _ratio(run: PairedRun, column: Column) -> Ratio | None:
    def logarithm(pair: ScorePair) -> float | None:
        values = _values(pair, column)
        return None if values is None or min(values) <= 0 else math.log(values[1] / values[0])

    found = run.over(logarithm)
    if found is None:
        return None
    ends = found.interval
    interval = None if ends is None else (math.exp(ends[0]), math.exp(ends[1]))
    return Ratio(math.exp(found.mean), interval, found.n)


def _is_chest(run: PairedRun) -> bool:
    """Whether the headers of all slices name the chest, and no other region."""
    return all(pair.first.info.regions == _CHEST for pair in run.slices)
