"""The trend of each protocol: control charts of its series, and stretches out of control."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby

from distiliqa.ct import Acquisition
from distiliqa.errors import one_line
from distiliqa.foreign_json import parse_json
from distiliqa.monitor.scan_order import Row, ScanOrder, scan_order
from distiliqa.monitor.size_adjustment import Numbered, SizeAdjustment, adjust_for_size
from distiliqa.report.formatting import protocol, scanner
from distiliqa.report.names import short_hash
from distiliqa.statistics.control_chart import BASELINE, ControlChart, control_chart

SCORE, NOISE = "score", "noise level"


@dataclass(frozen=True)
class Member:
    """A series in the trend of its protocol.

    Attributes
    ----------
    id : of the database.
    name : the first eight digits of the SHA-256 of its UID, which identifies nobody.
    series : its UID, or the file that stands for it.
    number : its place in the order of the scans of its protocol, from 1.
    scan_date, station : as the header states them; None where it does not.
    score, noise_hu, f50_per_mm, dw_mm, ctdivol_mgy, ssde_mgy : means over the slices that count,
        see `distiliqa.scoring.series_score.SeriesScore`; None where none of them has one.
    slices, out_of_domain, processed : number of slices, of those out of domain, and of those that
        count as processed.
    warnings : of the series as a whole.
    """

    id: int
    name: str
    series: str
    number: int
    scan_date: str | None
    station: str | None
    score: float
    noise_hu: float | None
    f50_per_mm: float | None
    dw_mm: float | None
    ctdivol_mgy: float | None
    ssde_mgy: float | None
    slices: int
    out_of_domain: int
    processed: int
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Measure:
    """One measurement of a protocol.

    Attributes
    ----------
    raw : (number, value) of each series that has one, in order.
    sizes : water-equivalent diameter of the series that have one, mm, by number.
    logarithmic : whether it changes with size by factors.
    """

    name: str
    raw: tuple[Numbered, ...]
    unit: str = ""
    digits: int = 3
    sizes: Mapping[int, float] = field(default_factory=dict)
    logarithmic: bool = False

    @cached_property
    def adjustment(self) -> SizeAdjustment | None:
        """Its values after the trend with size; None where there is no trend."""
        return adjust_for_size(self.raw, self.sizes, logarithmic=self.logarithmic)

    @property
    def values(self) -> tuple[Numbered, ...]:
        """What is charted: after the trend with size where there is one."""
        return self.raw if self.adjustment is None else self.adjustment.values

    @property
    def label(self) -> str:
        """Name and unit, and the size that the values are for."""
        size = "" if self.adjustment is None else f" at Dw {self.adjustment.size_mm:.0f} mm"
        return f"{self.name}{size}, {self.unit}" if self.unit else f"{self.name}{size}"

    @property
    def latest(self) -> list[float]:
        """The latest values, as many as a baseline has."""
        return [value for _, value in self.values[-BASELINE:]]

    def text(self, value: float) -> str:
        """A value as people read it."""
        return f"{value:.{self.digits}f}"

    @cached_property
    def chart(self) -> ControlChart | None:
        """None while there are no limits."""
        trend = self.adjustment
        sizes = None if trend is None else [self.sizes[number] for number, _ in trend.values]
        return control_chart([value for _, value in self.values], sizes)

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
    """The series of one scanner, tube voltage, kernel, slice thickness and body part.

    Attributes
    ----------
    order : its rows in the order of their scans.
    """

    facts: tuple[str, ...]
    order: ScanOrder

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """Its series in the order of their scans."""
        return tuple(_member(row, number) for number, row in enumerate(self.order.rows, start=1))

    @property
    def name(self) -> str:
        """The facts in one line."""
        return ", ".join(self.facts) or "protocol not stated in the files"

    @cached_property
    def measures(self) -> tuple[Measure, Measure]:
        """The score and the global noise level."""
        sizes = {one.number: one.dw_mm for one in self.members if one.dw_mm is not None}
        score = tuple((one.number, one.score) for one in self.members)
        noise = tuple(
            (one.number, one.noise_hu) for one in self.members if one.noise_hu is not None
        )
        return (
            Measure(SCORE, score, sizes=sizes),
            Measure(NOISE, noise, "HU", 1, sizes, logarithmic=True),
        )

    @cached_property
    def episodes(self) -> list[Episode]:
        """All that was out of control, the latest first."""
        found = (episode for measure in self.measures for episode in measure.episodes())
        return sorted(found, key=lambda episode: -episode.last)

    def series_of(self, episode: Episode) -> list[int]:
        """The ids of the series of a stretch."""
        return [one.id for one in self.members if episode.first <= one.number <= episode.last]

    @property
    def is_out(self) -> bool:
        """Whether one of its measurements is out of control now."""
        return any(episode.still for episode in self.episodes)

    @property
    def is_judged(self) -> bool:
        """Whether a series after the baseline stands against limits of the score."""
        chart = self.measures[0].chart
        return chart is not None and len(chart.out) > 0

    @property
    def state(self) -> str:
        """In words: out of control and in what, in control, or why neither is known."""
        ongoing = [f"{one.measure.name} {one.side}" for one in self.episodes if one.still]
        if ongoing:
            return "out of control, " + " and ".join(ongoing)
        if self.measures[0].chart is None:
            return "no limits yet"
        if not self.is_judged:
            return "no series after the baseline yet"
        return "in control" + (", was out before" if self.episodes else "")


def protocols(rows: Iterable[Row]) -> list[Protocol]:
    """Group the rows of ``series_means``; protocols out of control now come first."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(_facts(row), []).append(row)
    made = [Protocol(facts, scan_order(members)) for facts, members in found.items()]
    return sorted(made, key=lambda protocol: (not protocol.is_out, not protocol.episodes))


def _member(row: Row, number: int) -> Member:
    return Member(
        id=row["id"],
        name=short_hash(row["series"]),
        series=row["series"],
        number=number,
        scan_date=row["scan_date"],
        station=row["station"],
        score=row["score"],
        noise_hu=row["noise_hu"],
        f50_per_mm=row["mtf50_per_mm"],
        dw_mm=row["dw_mm"],
        ctdivol_mgy=row["ctdivol_mgy"],
        ssde_mgy=row["ssde_mgy"],
        slices=row["slices"],
        out_of_domain=row["outside"],
        processed=row["processed_slices"] or 0,
        warnings=tuple(parse_json(row["warnings"], None, "start a new monitor")),
    )


def _facts(row: Row) -> tuple[str, ...]:
    how = Acquisition(
        kvp=row["kvp"],
        kernel=row["kernel"],
        slice_thickness_mm=row["slice_thickness_mm"],
        manufacturer=row["manufacturer"],
        scanner=row["scanner"],
    )
    return tuple(filter(None, (scanner(how), protocol(how), one_line(row["body_part"] or ""))))
