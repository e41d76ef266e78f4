"""``trend.html``: a section with control charts for each protocol, those out of control first."""

from __future__ import annotations

from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from distiliqa.errors import one_line
from distiliqa.models.config import ModelConfig
from distiliqa.monitor.store import Store
from distiliqa.monitor.trend import SCORE, Episode, Measure, Member, Protocol, protocols
from distiliqa.report.columns import series_columns
from distiliqa.report.page_blocks import Cell, Heading, Row, headings, write_page
from distiliqa.report.plots import control, svg
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.statistics.control_chart import BASELINE, FALSE_ALARMS, WEIGHT

_MEAN, _NOISE, _OUT_OF_DOMAIN, _PROCESSED = series_columns(
    "score", "noise_hu", "outside", "processed_slices"
)
_NUMBER = Heading("No.", "Place in the order of arrival.", numeric=True)
_HASH = Heading("Series", "The first eight digits of the SHA-256 of its UID.")
_UID = Heading("Series", "Its UID, or the file or folder that stands for it.")
_MEASURED = (
    Heading("Slices", numeric=True),
    *headings((_MEAN, _NOISE, _OUT_OF_DOMAIN)),
    Heading("Out of control"),
    Heading("Warnings"),
    *headings((_PROCESSED,)),
)
_ALARMS = (
    Heading("Protocol"),
    Heading("Measurement"),
    Heading("Series", "Numbers in the order of arrival in the protocol."),
    Heading("Now", "Whether the latest series is still out of control."),
    Heading("Average", "The latest of the stretch.", numeric=True),
    Heading("Limits", "Control limits there.", numeric=True),
)
_ORDER = "series in the order of arrival"


class Section(NamedTuple):
    """A protocol on the page: its number, its plots with words below each, its table.

    ``out_of_domain`` and ``processed`` are the numbers of its series with slices out of domain, and
    with slices that count as processed.
    """

    number: int
    protocol: Protocol
    state: str
    charts: list[tuple[Markup, str]]
    rows: list[Row]
    out_of_domain: int
    processed: int


def write_trend(
    path: Path, store: Store, model: ModelConfig, folder: Path, *, identify: bool = False
) -> list[str]:
    """Draw the page again.

    Without ``identify`` no path, UID or date of a patient stands in it: series are named by a
    hash and counted in the order of arrival.

    Returns
    -------
    What is out of control now, one line a protocol.

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
        series_columns=(_NUMBER, _UID if identify else _HASH, *_MEASURED),
        alarm_columns=_ALARMS,
        alarms=[row for section in sections for row in _alarms(section)],
        counts=store.counts(),
        failed=[tuple(row) for row in store.failed()] if identify else [],
        baseline=BASELINE,
        weight=WEIGHT,
        false_alarms=FALSE_ALARMS,
        lost_detail=LOST_DETAIL,
    )
    return [
        f"{section.protocol.name}: {section.state}"
        for section in sections
        if section.protocol.is_out
    ]


def _section(number: int, protocol: Protocol, model: ModelConfig, identify: bool) -> Section:
    charts = [
        (_plot(measure, protocol), _explained(measure, model))
        for measure in protocol.measures
        if measure.values
    ]
    rows = [_row(number, member, protocol, identify) for member in reversed(protocol.members)]
    out_of_domain = sum(member.out_of_domain > 0 for member in protocol.members)
    processed = sum(member.processed > 0 for member in protocol.members)
    return Section(number, protocol, _state(protocol), charts, rows, out_of_domain, processed)


def _plot(measure: Measure, protocol: Protocol) -> Markup:
    chart, numbers = measure.chart, measure.charted
    names = {member.number: member.name for member in protocol.members}
    titles = [f"{number}: {names[number]}, {value:.4g}" for number, value in measure.values]
    draw = partial(control, measure.values, titles=titles, x_label=_ORDER, y_label=measure.label)
    if chart is None:
        return svg(draw())
    return svg(
        draw(
            list(zip(numbers, chart.average.tolist(), strict=True)),
            list(zip(numbers, chart.low.tolist(), chart.high.tolist(), strict=True)),
            chart.out.tolist(),
            center=chart.center,
        )
    )


def _explained(measure: Measure, model: ModelConfig) -> str:
    """The chart in words, for those who do not read charts."""
    better = "higher" if model.scale.higher_is_better and measure.name == SCORE else "lower"
    return f"{_verdict(measure)} {better.title()} is better."


def _verdict(measure: Measure) -> str:
    chart, count = measure.chart, len(measure.values)
    if chart is None and count < BASELINE:
        return f"{count} of {BASELINE} series for a baseline: no limits yet."
    if chart is None:
        return f"All {BASELINE} series of the baseline are equal: no limits."
    center = measure.text(chart.center)
    found = f"Baseline {center}, standard deviation {chart.deviation:.2g} between series."
    ongoing = [episode for episode in measure.episodes() if episode.still]
    if ongoing:
        return f"{found} Out of control since series {ongoing[0].first}: {ongoing[0].side}."
    return f"{found} {'In control.' if len(chart.out) else 'No series after it yet.'}"


def _state(protocol: Protocol) -> str:
    ongoing = [
        f"{episode.measure.name} {episode.side}" for episode in protocol.episodes if episode.still
    ]
    if ongoing:
        return "out of control, " + " and ".join(ongoing)
    if protocol.measures[0].chart is None:
        return "no limits yet"
    return "in control" + (", was out before" if protocol.episodes else "")


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
        f"{member.score:.3f}",
        "" if member.noise_hu is None else f"{member.noise_hu:.1f}",
        str(member.out_of_domain or ""),
        "; ".join(out),
        "; ".join(member.warnings),
        str(member.processed or ""),
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


def _span(episode: Episode) -> str:
    first, last = episode.first, episode.last
    return str(first) if first == last else f"{first} to {last}"
