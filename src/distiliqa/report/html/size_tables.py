"""The block of a run on noise, dose and size: its plots, and tables of protocols and series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.formatting import number_text, signed_text
from distiliqa.report.page_blocks import Cell, Heading, Row, filled
from distiliqa.report.plots import svg
from distiliqa.report.run_plots import run_plots
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

PROTOCOLS = (
    Heading("Protocol", "Standard name, or scanner, voltage, kernel, thickness and body part."),
    Heading("Series", numeric=True),
    Heading("Fitted", "Series with a noise level and a size.", numeric=True),
    Heading("Noise per cm, %", "Change of the noise level per cm of diameter.", numeric=True),
    Heading("Noise residual, %", "Standard deviation of noise beside the trend.", numeric=True),
    Heading("SSDE per cm, %", "Change of the SSDE per cm of diameter.", numeric=True),
)
SERIES = (
    Heading("Series", "A click leads to the series."),
    Heading("Protocol"),
    Heading("Diameter, mm", "Mean water-equivalent diameter.", numeric=True),
    Heading("Noise level, HU", numeric=True),
    Heading("Noise beside trend, %", "Of its protocol at its size.", numeric=True),
    Heading("SSDE, mGy", numeric=True),
    Heading("SSDE beside trend, %", "Of its protocol at its size.", numeric=True),
    Heading("Score", numeric=True),
    Heading("Score beside trend", "Of its protocol at its size.", numeric=True),
    Heading("In words"),
)


def size_block(entries: Sequence[SeriesEntry], scale: ScoreScale) -> dict[str, Any] | None:
    """The parts of the block for the template; None in a run that measured nothing."""
    if not any_measured(entries):
        return None
    groups = protocol_trends(entries)
    plots = run_plots(groups, scale)
    return {
        "plots": [(svg(plot.scene), plot.caption) for plot in plots],
        "fit": fit_sentence(),
        "missing": list(missing_sentences(groups)),
        "quarters": quarter_counts(groups),
        "protocols": filled(
            PROTOCOLS, [_protocol_row(group, group.noise) for group in groups if group.noise]
        ),
        "series": filled(SERIES, [_series_row(*one) for one in beside_trends(groups)]),
    }


def _protocol_row(group: ProtocolTrends, noise: SizeTrend) -> Row:
    return Row(
        [
            group.name,
            str(len(group.members)),
            str(noise.series),
            percent(noise.per_cm),
            percent(group.noise_spread).lstrip("+"),
            percent_per_cm(group.dose),
        ]
    )


def _series_row(group: ProtocolTrends, one: Sized) -> Row:
    beside, entry = group.deviation(one), one.entry
    return Row(
        [
            Cell(entry.name, href=f"#{entry.id}"),
            group.name,
            number_text(one.dw_mm, 0),
            number_text(one.noise_hu, 1),
            percent(group.noise_deviation(one)),
            number_text(one.ssde_mgy, 2),
            percent(beside and beside.dose),
            f"{entry.score:.2f}",
            signed_text(beside.score, 2) if beside else "",
            beside.quarter if beside else "",
        ]
    )
