"""Noise, dose and score of each protocol after the trend with the size of its patients.

Larger patients have more noise at the same dose, and scanners give them more dose. What is left
after the trend with size can be compared. The trends are those of `distiliqa.statistics.size_trend`
over the series of a protocol: of the logarithms of noise level and SSDE, and of the score.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from distiliqa.errors import one_line
from distiliqa.report.columns import slice_columns
from distiliqa.report.formatting import protocol, scanner
from distiliqa.report.mean_columns import mean_value
from distiliqa.report.measure_facts import commonest_reason
from distiliqa.report.series_entry import SeriesEntry
from distiliqa.report.standard_names import STANDARD
from distiliqa.statistics.size_trend import SizeTrend, size_trend

MIN_DEVIATION = 0.05  # the noise level itself is wrong by as much in patients
NOT_STATED = "protocol not stated"

_NOISE, _SSDE, _SIZE = slice_columns("noise_hu", "ssde_mgy", "dw_mm")

Quarter = Literal[
    "quiet and high dose",
    "noisy and low dose",
    "noisy and high dose",
    "quiet and low dose",
    "near the trend",
]

QUARTERS: tuple[Quarter, ...] = get_args(Quarter)


@dataclass(frozen=True)
class Sized:
    """A series with the means of its slices that count; None where none has the measure."""

    entry: SeriesEntry
    dw_mm: float | None
    noise_hu: float | None
    ssde_mgy: float | None

    @classmethod
    def of(cls, entry: SeriesEntry) -> Sized:
        """Take the means of a series."""
        return cls(entry, *(mean_value(entry.series, column) for column in (_SIZE, _NOISE, _SSDE)))


class Deviation(NamedTuple):
    """A series beside the trends of its protocol: shares of noise and dose, difference of score."""

    noise: float
    dose: float
    score: float

    @property
    def quarter(self) -> Quarter:
        """Noise and dose in words."""
        if abs(self.noise) < MIN_DEVIATION or abs(self.dose) < MIN_DEVIATION:
            return "near the trend"
        if self.noise > 0:
            return "noisy and high dose" if self.dose > 0 else "noisy and low dose"
        return "quiet and high dose" if self.dose > 0 else "quiet and low dose"


@dataclass(frozen=True)
class ProtocolTrends:
    """The series of a protocol, and its trends with size; None where too few have a measure."""

    name: str
    members: tuple[Sized, ...]
    noise: SizeTrend | None
    dose: SizeTrend | None
    score: SizeTrend | None

    @classmethod
    def of(cls, name: str, members: Sequence[Sized]) -> ProtocolTrends:
        """Fit the trends of a protocol."""
        return cls(
            name,
            tuple(members),
            size_trend(((one.dw_mm, one.noise_hu) for one in members), logarithmic=True),
            size_trend(((one.dw_mm, one.ssde_mgy) for one in members), logarithmic=True),
            # Over the series that have a dose, so that both trends of a plot are of the same ones.
            size_trend(
                ((one.dw_mm, one.entry.score) for one in members if one.ssde_mgy is not None),
                logarithmic=False,
            ),
        )

    def noise_deviation(self, one: Sized) -> float | None:
        """Share by which the noise is above the trend; None without a trend or a value."""
        return _share(one.noise_hu, one.dw_mm, self.noise)

    def deviation(self, one: Sized) -> Deviation | None:
        """A series beside all trends; None where one of them, or a value, is missing."""
        noise = self.noise_deviation(one)
        dose = _share(one.ssde_mgy, one.dw_mm, self.dose)
        if noise is None or dose is None or self.score is None or one.dw_mm is None:
            return None
        return Deviation(noise, dose, self.score.beside(one.entry.score, one.dw_mm))

    @property
    def noise_spread(self) -> float | None:
        """Root mean square of the deviations of noise, freed of what the fit takes; a share."""
        if self.noise is None:
            return None
        found = [
            math.log1p(share)
            for one in self.members
            if (share := self.noise_deviation(one)) is not None
        ]
        freedom = len(found) - (2 if self.noise.slope else 1)
        return math.expm1(math.sqrt(sum(value**2 for value in found) / freedom))


def protocol_trends(entries: Iterable[SeriesEntry]) -> list[ProtocolTrends]:
    """The series of a run by protocol, the largest protocol first.

    A protocol is a standard name; without one it is scanner, tube voltage, kernel, thickness and
    body part, as in `distiliqa.monitor.trend`.
    """
    groups: dict[str, list[Sized]] = {}
    for entry in entries:
        groups.setdefault(_protocol(entry), []).append(Sized.of(entry))
    ordered = sorted(groups.items(), key=lambda item: (-len(item[1]), item[0]))
    return [ProtocolTrends.of(name, members) for name, members in ordered]


def beside_trends(groups: Iterable[ProtocolTrends]) -> list[tuple[ProtocolTrends, Sized]]:
    """The series whose noise has a trend, with their protocol: those to optimize come first.

    In each quarter the highest dose beside its trend is first. Series without a dose beside a trend
    come last, the noisiest first.
    """
    found = [
        (group, one)
        for group in groups
        for one in group.members
        if group.noise_deviation(one) is not None
    ]
    return sorted(found, key=_order)


def _order(item: tuple[ProtocolTrends, Sized]) -> tuple[int, float]:
    group, one = item
    if (beside := group.deviation(one)) is None:
        return len(QUARTERS), -(group.noise_deviation(one) or 0.0)
    return QUARTERS.index(beside.quarter), -beside.dose


def lacking(members: Iterable[Sized], measure: str) -> Counter[str]:
    """Count the series without a measure by their commonest reason."""
    found: Counter[str] = Counter()
    for one in members:
        if getattr(one, measure) is None:
            found[commonest_reason(one.entry.series, measure) or "not measured"] += 1
    return found


def _protocol(entry: SeriesEntry) -> str:
    made = entry.series.acquisition
    facts = (scanner(made), protocol(made), one_line(made.body_part or ""))
    stated = ", ".join(filter(None, facts))
    return STANDARD.text(entry.series) or stated or NOT_STATED


def _share(value: float | None, dw_mm: float | None, trend: SizeTrend | None) -> float | None:
    if not value or dw_mm is None or trend is None:
        return None
    return trend.beside(value, dw_mm)
