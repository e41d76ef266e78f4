"""The section of one series: its figures, facts, plots, pictures and table of slices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from markupsafe import Markup

from distiliqa.errors import one_line
from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.columns import COMPARED, FACTS, series_columns, slice_columns
from distiliqa.report.dose_facts import dose_texts
from distiliqa.report.formatting import fact_text, interval_text, number_text, protocol, scanner
from distiliqa.report.level_checks import level_texts
from distiliqa.report.mean_columns import mean_texts, pooled_texts
from distiliqa.report.names import Names
from distiliqa.report.page_blocks import (
    Heading,
    Note,
    Notes,
    Row,
    count_warnings,
    figure,
    filled,
    headings,
    numbers_of,
)
from distiliqa.report.pictures import Picture, Pictures
from distiliqa.report.plots import svg
from distiliqa.report.scan_facts import scan_texts
from distiliqa.report.series_entry import SeriesEntry
from distiliqa.report.series_plots import about_plot, missing_measures, series_plot
from distiliqa.report.standard_names import STANDARD
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

CAPTIONS = {
    "worst": "Worst slice",
    "median": "Median slice",
    "best": "Best slice",
    "only": "The slice",
}
COLUMNS = slice_columns(
    "position_mm",
    "score",
    "interval_low",
    "interval_high",
    "spread",
    "distance",
    "noise_hu",
    "exposure_mas",
    "processed",
)
# Facts that only some scans have, which are shown where they are known.
DETAILS = ("exposure_basis", "reconstruction_algorithm", "reconstruction_strength")
NUMBER, NOISE = slice_columns("number", "noise_hu")
PROCESSED, PROCESSED_SLICES = series_columns("processed", "processed_slices")


class Shown(NamedTuple):
    """A picture with its caption."""

    caption: str
    about: str
    picture: Picture


def section(
    scale: ScoreScale, entry: SeriesEntry, names: Names, notes: Notes, pictures: Pictures
) -> dict[str, Any]:
    """The parts of the section for the template."""
    slices, made = entry.series.slices, entry.series.acquisition
    about = (STANDARD.text(entry.series), scanner(made), protocol(made))
    return {
        "entry": entry,
        "about": ", ".join(filter(None, about)),
        "uid": entry.series.series if names.identify else "",
        "figures": _figures(entry),
        "facts": [
            *scan_texts(entry.series, identify=names.identify),
            *_facts(entry.series.known),
            *pooled_texts(entry.series),
            *dose_texts(entry.series),
            *level_texts(entry.series),
        ],
        "warnings": _warnings(entry.series, notes),
        "plot": _plot(entry, scale) if len(slices) > 1 else None,
        "about_plot": about_plot(entry.series),
        "missing": " ".join(missing_measures(entry.series)),
        "pictures": _pictures(entry, names, pictures) if entry.pictured else [],
        "table": _table(entry, notes, identify=names.identify) if len(slices) > 1 else None,
    }


def _plot(entry: SeriesEntry, scale: ScoreScale) -> Markup:
    hrefs = [f"#{entry.slice_id(slice_)}" for slice_ in entry.series.slices]
    return svg(series_plot(entry.series, scale, hrefs=hrefs))


def _figures(entry: SeriesEntry) -> dict[str, Markup]:
    series, one = entry.series, len(entry.series.slices) == 1
    score = figure(f"{series.score:.2f}", interval_text(series.interval))
    found = {"Score" if one else "Mean": score}
    if not one:
        found["Worst slice"] = slice_figure(entry, entry.ranked[0])
        if entry.tenth is not None:
            found["10th percentile"] = slice_figure(entry, entry.tenth)
        found["Slices"] = figure(f"{len(series.slices)}")
    noise = number_text(series.noise_hu, 1) or "not known"
    found[NOISE.title] = figure(noise)
    found |= {term: figure(mean) for term, mean in mean_texts(series)}
    if series.processed is not None:
        probability = f"mean probability {PROCESSED.text(series)}"
        found[PROCESSED_SLICES.term] = figure(PROCESSED_SLICES.text(series), probability)
    return found


def slice_figure(entry: SeriesEntry, slice_: SliceScore) -> Markup:
    """The score of a slice of a series as a link to it, and the number of the slice."""
    score = f"{slice_.score:.2f}"
    link = Markup('<a href="#{}">{}</a>').format(entry.slice_id(slice_), score)
    return link if len(entry.series.slices) == 1 else figure(link, f"slice {slice_.number}")


def _facts(slices: Sequence[SliceScore]) -> list[tuple[str, str]]:
    texts = [(column, fact_text(slices, column)) for column in FACTS]
    return [
        (column.term, f"{text} {column.shown_unit}".strip() if text else "not stated")
        for column, text in texts
        if text or column.name not in DETAILS
    ]


def _warnings(series: SeriesScore, notes: Notes) -> list[Note]:
    """The notes of a series, those of slices with the number of its slices that have each."""
    whole = [notes[text]._replace(where="") for text in series.warnings]
    counted = count_warnings(series.slices)
    return whole + [notes[text]._replace(where=where) for text, where in counted.items()]


def _pictures(entry: SeriesEntry, names: Names, pictures: Pictures) -> list[Shown]:
    return [
        Shown(CAPTIONS[word], _about(slice_, names), pictures[slice_.path, slice_.frame])
        for word, slice_ in entry.examples.items()
    ]


def _about(slice_: SliceScore, names: Names) -> str:
    noise = "" if slice_.noise_hu is None else f", noise level {slice_.noise_hu:.1f} HU"
    interval = "" if slice_.interval is None else f" ({interval_text(slice_.interval)})"
    domain = ", out of domain" if slice_.out_of_domain else ""
    return f"{names.slice(slice_)}: score {slice_.score:.2f}{interval}{noise}{domain}"


def _table(entry: SeriesEntry, notes: Notes, *, identify: bool) -> tuple[list[Heading], list[Row]]:
    """One row a slice; columns that would be empty throughout are left out."""
    columns = (NUMBER, *COLUMNS, *COMPARED)
    heads = [*headings(columns), Heading("Out of domain"), Heading("Notes"), Heading("File")]
    rows = [
        Row(
            [
                *(column.text(slice_) for column in columns),
                "out of domain" if slice_.out_of_domain else "",
                numbers_of(slice_.warnings, notes),
                one_line(slice_.path) if identify else "",
            ],
            id=entry.slice_id(slice_),
            mark="out-of-domain" if slice_.out_of_domain else "",
        )
        for slice_ in entry.series.slices
    ]
    return filled(heads, rows)
