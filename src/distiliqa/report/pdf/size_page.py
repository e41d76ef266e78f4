"""Noise, dose and size of a run on paper: its plots, and tables of protocols and series."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.platypus import KeepTogether, Spacer

from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.formatting import number_text, signed_text
from distiliqa.report.mean_columns import ABOUT_MEASURES, TABLE, mean_text, short_title
from distiliqa.report.pdf.document import HEADING, QUIET, WIDTH, grid, side_by_side, text
from distiliqa.report.pdf.drawing import drawing
from distiliqa.report.run_plots import RunPlot, run_plots
from distiliqa.report.series_entry import SeriesEntry, any_measured
from distiliqa.report.size_trends import ProtocolTrends, Sized, beside_trends, protocol_trends
from distiliqa.report.trend_words import (
    fit_sentence,
    missing_sentences,
    percent,
    percent_per_cm,
    quarter_counts,
)
from distiliqa.statistics.size_trend import SizeTrend

MAX_ROWS = 40  # of each table
PROTOCOLS = (
    ("Protocol", 4.0, False),
    ("Series", 1.0, True),
    ("Fitted", 1.0, True),
    ("Noise per cm, %", 1.4, True),
    ("Noise residual, %", 1.6, True),
    ("SSDE per cm, %", 1.4, True),
)
SERIES = (
    ("Series", 2.4, False),
    ("Diameter, mm", 1.3, True),
    ("Noise level, HU", 1.1, True),
    ("Noise beside trend, %", 1.5, True),
    ("SSDE, mGy", 1.1, True),
    ("SSDE beside trend, %", 1.5, True),
    ("Score beside trend", 1.3, True),
    ("In words", 2.2, False),
)


def size_story(entries: Sequence[SeriesEntry], scale: ScoreScale) -> Iterator[Any]:
    """The block of a run; nothing for a run that measured nothing."""
    if not any_measured(entries):
        return
    yield from _measures(entries)
    groups = protocol_trends(entries)
    plots = [_plot(plot) for plot in run_plots(groups, scale)]
    rows = [side_by_side(plots[start : start + 2], columns=2) for start in range(0, len(plots), 2)]
    yield KeepTogether([text("Noise, dose and size", HEADING), *rows[:1]])
    yield from rows[1:]
    fit = [fit_sentence()] if any(group.noise for group in groups) else []
    for sentence in (*missing_sentences(groups), *fit):
        yield text(sentence, QUIET, most=None)
    for name, meaning, count in quarter_counts(groups):
        yield text(f"{name.capitalize()}: {count} series, {meaning}.")
    yield Spacer(0, 2 * mm)
    yield from _tables(groups)


def _measures(entries: Sequence[SeriesEntry]) -> Iterator[Any]:
    """A row a series with the means of its measures."""
    columns = [("Series", 4.0, False), *((short_title(column), 1.35, True) for column in TABLE)]
    rows = [
        (entry.name, *(mean_text(entry.series, column) for column in TABLE)) for entry in entries
    ]
    yield text("Measures, the worst score first", HEADING)
    yield grid(columns, rows[:MAX_ROWS])
    yield from _more(rows)
    yield text(f"Means of each series. {ABOUT_MEASURES}", QUIET)


def _plot(plot: RunPlot) -> list[Any]:
    return [drawing(plot.scene, WIDTH / 2 - 12), text(plot.caption, QUIET, most=None)]


def _tables(groups: Sequence[ProtocolTrends]) -> Iterator[Any]:
    beside = beside_trends(groups)
    fitted = [_protocol(group, group.noise) for group in groups if group.noise]
    if fitted:
        yield grid(PROTOCOLS, fitted[:MAX_ROWS])
        yield Spacer(0, 2 * mm)
    if beside:
        yield grid(SERIES, [_series(*one) for one in beside[:MAX_ROWS]])
        yield from _more(beside)


def _more(rows: Sequence[object]) -> Iterator[Any]:
    """How many rows of a table are on the page alone, if any."""
    if len(rows) > MAX_ROWS:
        yield text(f"report.html has {len(rows) - MAX_ROWS} more.", QUIET)


def _protocol(group: ProtocolTrends, noise: SizeTrend) -> Sequence[object]:
    return (
        group.name,
        len(group.members),
        noise.series,
        percent(noise.per_cm),
        percent(group.noise_spread).lstrip("+"),
        percent_per_cm(group.dose),
    )


def _series(group: ProtocolTrends, one: Sized) -> Sequence[object]:
    beside = group.deviation(one)
    return (
        one.entry.name,
        number_text(one.dw_mm, 0),
        number_text(one.noise_hu, 1),
        percent(group.noise_deviation(one)),
        number_text(one.ssde_mgy, 2),
        percent(beside and beside.dose),
        signed_text(beside.score, 2) if beside else "",
        beside.quarter if beside else "",
    )
