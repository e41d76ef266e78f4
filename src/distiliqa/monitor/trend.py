"""The trend of each protocol: control charts of its series, and stretches out of control."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from distiliqa.ct import Acquisition
from distiliqa.errors import one_line
from distiliqa.foreign_json import parse_json
from distiliqa.report.formatting import protocol, scanner
from distiliqa.report.names import short_hash
from distiliqa.statistics.control_chart import BASELINE, ControlChart, control_chart

SCORE, NOISE = "score", "noise level"


@dataclass(frozen=True)
class Member:
    """A series in the trend of its protocol.

    Attributes
    ----------
    name : the first eight digits of the SHA-256 of its UID, which identifies nobody.
    series : its UID, or the file that stands for it.
    number : its place in the order of arrival in its protocol, from 1.
    score, noise_hu : means over the slices that count, see
        `distiliqa.scoring.series_score.SeriesScore`; the noise is None where none of them has one.
    slices, out_of_domain, processed : number of slices, of those out of domain, and of those that
        count as processed.
    warnings : of the series as a whole.
    """

    name: str
    series: str
    number: int
    score: float
    noise_hu: float | None
    slices: int
    out_of_domain: int
    processed: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Measure:
    """One measurement of a protocol: (number, value) of each series that has one, in order."""

    name: str
    values: tuple[tuple[int, float], ...]
    unit: str = ""
    digits: int = 3

    @property
    def label(self) -> str:
        """Name and unit."""
        return f"{self.name}, {self.unit}" if self.unit else self.name

    def text(self, value: float) -> str:
        """A value as people read it."""
        return f"{value:.{self.digits}f}"

    @cached_property
    def chart(self) -> ControlChart | None:
        """None while there are no limits."""
        return control_chart([value for _, value in self.values])

    @property
    def charted(self) -> Sequence[int]:
        """The numbers of the series after the baseline."""
        return [number for number, _ in self.values[BASELINE:]]

    def episodes(self) -> Iterator[Episode]:
        """The stretches in which the average was beyond its limits, one side at a time."""
        if (chart := self.chart) is None:
            return
        sides = (chart.average > chart.high).astype(int) - (chart.average < chart.low)
        for side, places in groupby(range(len(sides)), key=sides.__getitem__):
            if side:
                first, *others = places
                last = others[-1] if others else first
                yield Episode(
                    self,
                    "higher" if side > 0 else "lower",
                    self.charted[first],
                    self.charted[last],
                    last == len(sides) - 1,
                    *(float(line[last]) for line in (chart.average, chart.low, chart.high)),
                )


@dataclass(frozen=True)
class Episode:
    """A stretch out of control.

    Attributes
    ----------
    side : of the baseline, ``higher`` or ``lower``.
    first, last : numbers of its series.
    still : whether it goes on.
    average, low, high : the moving average and its limits at the last.
    """

    measure: Measure
    side: str
    first: int
    last: int
    still: bool
    average: float
    low: float
    high: float


@dataclass(frozen=True)
class Protocol:
    """The series of one scanner, tube voltage, kernel, slice thickness and body part."""

    facts: tuple[str, ...]
    members: list[Member] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The facts in one line."""
        return ", ".join(self.facts) or "protocol not stated in the files"

    @cached_property
    def measures(self) -> tuple[Measure, Measure]:
        """The score and the global noise level."""
        noise = ((member.number, member.noise_hu) for member in self.members)
        return (
            Measure(SCORE, tuple((member.number, member.score) for member in self.members)),
            Measure(NOISE, tuple((number, hu) for number, hu in noise if hu is not None), "HU", 1),
        )

    @cached_property
    def episodes(self) -> list[Episode]:
        """All that was out of control, the latest first."""
        found = (episode for measure in self.measures for episode in measure.episodes())
        return sorted(found, key=lambda episode: -episode.last)

    @property
    def is_out(self) -> bool:
        """Whether one of its measurements is out of control now."""
        return any(episode.still for episode in self.episodes)


def protocols(rows: Iterable[sqlite3.Row]) -> list[Protocol]:
    """Group the rows of ``series_means``; protocols out of control now come first."""
    found: dict[tuple[str, ...], Protocol] = {}
    for row in rows:
        facts = _facts(row)
        members = found.setdefault(facts, Protocol(facts)).members
        members.append(_member(row, len(members) + 1))
    return sorted(found.values(), key=lambda protocol: (not protocol.is_out, not protocol.episodes))


def _member(row: sqlite3.Row, number: int) -> Member:
    return Member(
        short_hash(row["series"]),
        row["series"],
        number,
        row["score"],
        row["noise_hu"],
        row["slices"],
        row["outside"],
        row["processed_slices"] or 0,
        tuple(parse_json(row["warnings"], None, "start a new monitor")),
    )


def _facts(row: sqlite3.Row) -> tuple[str, ...]:
    how = Acquisition(
        kvp=row["kvp"],
        kernel=row["kernel"],
        slice_thickness_mm=row["slice_thickness_mm"],
        manufacturer=row["manufacturer"],
        scanner=row["scanner"],
    )
    return tuple(filter(None, (scanner(how), protocol(how), one_line(row["body_part"] or ""))))
