"""``trend.html``: a section with control charts for each protocol, those out of control first."""

from __future__ import annotations

from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from distiliqa.errors import one_line
from distiliqa.models.config import ModelConfig
from distiliqa.monitor.store import Alarm, Store
from distiliqa.monitor.trend import Episode, Member, Protocol, protocols
from distiliqa.monitor.trend_chart import axis_words, chart_plot, consistency, explained
from distiliqa.report.columns import series_columns, slice_columns
from distiliqa.report.formatting import number_text
from distiliqa.report.page_blocks import Cell, Heading, Row, headings, write_page
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.statistics.control_chart import BASELINE, FALSE_ALARMS, WEIGHT

_MEAN, _NOISE, _OUT_OF_DOMAIN, _PROCESSED = series_columns(
    "score", "noise_hu", "outside", "processed_slices"
)
_F50, _SIZE, _CTDI, _SSDE = slice_columns("mtf50_per_mm", "dw_mm", "ctdivol_mgy", "ssde_mgy")
_NUMBER = Heading("No.", "Place in the order of the scans.", numeric=True)
_HASH = Heading("Series", "The first eight digits of the SHA-256 of its UID.")
_UID = Heading("Series", "Its UID, or the file or folder that stands for it.")
_MEASURED = (
    Heading("Slices", numeric=True),
    *headings((_MEAN, _NOISE, _OUT_OF_DOMAIN)),
    Heading("Out of control"),
    Heading("Warnings"),
    *headings((_PROCESSED, _F50, _SIZE, _CTDI, _SSDE)),
)
_SCAN = (Heading("Date of scan"), Heading("Station"))  # they may identify
_PROTOCOLS = (
    Heading("Protocol"),
    Heading("Series", numeric=True),
    Heading("State"),
    Heading("Score", f"Mean of the latest {BASELINE} series, see the chart.", numeric=True),
    Heading("Spread", "Their standard deviation: how consistent they are.", numeric=True),
    Heading(
        "Noise level, HU", f"Mean of the latest {BASELINE} series, see the chart.", numeric=True
    ),
    Heading("Spread, %", "Their standard deviation, of the mean.", numeric=True),
)
_ALARMS = (
    Heading("Protocol"),
    Heading("Measurement"),
    Heading("Series", "Numbers in the order of the scans of the protocol."),
    Heading("Now", "Whether the latest series is still out of control."),
    Heading("Average", "The latest of the stretch.", numeric=True),
    Heading("Limits", "Control limits there.", numeric=True),
)


class Section(NamedTuple):
    """A protocol on the page: its number, its plots with words below each, its table.

    ``order`` says what the horizontal axis is. ``out_of_domain`` and ``processed`` are the numbers
    of its series with slices out of domain, and with slices that count as processed.
    """

    number: int
    protocol: Protocol
    order: str
    charts: list[tuple[Markup, str]]
    rows: list[Row]
    out_of_domain: int
    processed: int


def write_trend(
    path: Path, store: Store, model: ModelConfig, folder: Path, *, identify: bool = False
) -> list[str]:
    """Draw the page again.

    Without ``identify`` no path, UID or date of a patient stands in it: series are named by a
    hash and counted in the order of their scans, and the axis counts days since the first.

    Returns
    -------
    Stretches out of control that no former call for this store gave, one line an alarm; also those
    that are over.

    Raises
    ------
    DistiliqaError : the disk is full, or the folder or the store cannot be used.
    """
    sections = [
        _section(number, protocol, model, identify)
        for number, protocol in enumerate(protocols(store.series()), start=1)
    ]
    write_page(
        path,
        "trend.html.j2",
        model,
        model=model,
        folder=one_line(str(folder)) if identify else None,
        drawn=datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        sections=sections,
        protocol_columns=_PROTOCOLS,
        protocols=[_summary(section) for section in sections],
        series_columns=(
            *(_NUMBER, _UID if identify else _HASH, *_MEASURED),
            *(_SCAN if identify else ()),
        ),
        alarm_columns=_ALARMS,
        alarms=[row for section in sections for row in _alarms(section)],
        counts=store.counts(),
        failed=[tuple(row) for row in store.failed()] if identify else [],
        baseline=BASELINE,
        weight=WEIGHT,
        false_alarms=FALSE_ALARMS,
        lost_detail=LOST_DETAIL,
    )
    return [_line(alarm) for alarm in store.report_once(_stretches(sections))]


def _stretches(sections: list[Section]) -> dict[Alarm, list[int]]:
    """All stretches out of control, with the ids of their series."""
    return {
        Alarm(
            protocol.name,
            episode.measure.name,
            episode.side,
            episode.first,
            episode.last,
            episode.still,
        ): protocol.series_of(episode)
        for protocol in (section.protocol for section in sections)
        for episode in protocol.episodes
    }


def _line(alarm: Alarm) -> str:
    state = "out of control" if alarm.still else f"was out of control, series {_span(alarm)}"
    return f"{alarm.protocol}: {state}, {alarm.measure} {alarm.side}"


def _section(number: int, protocol: Protocol, model: ModelConfig, identify: bool) -> Section:
    better = model.scale.higher_is_better
    charts = [
        (chart_plot(measure, protocol, identify=identify), explained(measure, better))
        for measure in protocol.measures
        if measure.values
    ]
    rows = [_row(number, member, protocol, identify) for member in reversed(protocol.members)]
    out_of_domain = sum(member.out_of_domain > 0 for member in protocol.members)
    processed = sum(member.processed > 0 for member in protocol.members)
    return Section(
        number,
        protocol,
        axis_words(protocol, identify=identify),
        charts,
        rows,
        out_of_domain,
        processed,
    )


def _summary(section: Section) -> Row:
    """A protocol in one line: state, mean, and how consistent it is."""
    protocol = section.protocol
    score, noise = protocol.measures
    link = Cell(protocol.name, f"#p{section.number}")
    state = Cell(protocol.state, mark="out") if protocol.is_out else protocol.state
    middle, spread = consistency(score.latest)
    level, change = consistency(noise.latest)
    share = None if level is None or change is None else 100 * change / level
    return Row(
        (
            link,
            str(len(protocol.members)),
            state,
            *(number_text(middle, 2), number_text(spread, 3)),
            *(number_text(level, 1), number_text(share, 1)),
        )
    )


def _row(section: int, member: Member, protocol: Protocol, identify: bool) -> Row:
    out = [
        f"{episode.measure.name} {episode.side}"
        for episode in protocol.episodes
        if episode.first <= member.number <= episode.last
    ]
    cells = (
        str(member.number),
        Cell(one_line(member.series), title=member.name) if identify else member.name,
        str(member.slices),
        f"{member.score:.2f}",
        "" if member.noise_hu is None else f"{member.noise_hu:.1f}",
        str(member.out_of_domain or ""),
        "; ".join(out),
        "; ".join(member.warnings),
        str(member.processed or ""),
        number_text(member.f50_per_mm, 3),
        number_text(member.dw_mm, 0),
        number_text(member.ctdivol_mgy, 2),
        number_text(member.ssde_mgy, 2),
        *((member.scan_date or "", one_line(member.station or "")) if identify else ()),
    )
    return Row(
        cells, f"p{section}-{member.number}", "out-of-domain" if member.out_of_domain else ""
    )


def _alarms(section: Section) -> list[Row]:
    return [_alarm(section, episode) for episode in section.protocol.episodes]


def _alarm(section: Section, episode: Episode) -> Row:
    text = episode.measure.text
    return Row(
        (
            Cell(section.protocol.name, f"#p{section.number}"),
            f"{episode.measure.name} {episode.side} than the baseline",
            Cell(_span(episode), f"#p{section.number}-{episode.last}"),
            "still" if episode.still else "back",
            text(episode.average),
            f"{text(episode.low)} to {text(episode.high)}",
        )
    )


def _span(stretch: Alarm | Episode) -> str:
    first, last = stretch.first, stretch.last
    return str(first) if first == last else f"{first} to {last}"
