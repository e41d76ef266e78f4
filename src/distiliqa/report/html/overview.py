"""The whole run at a glance: its figures, the table of its series, strip plots by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from markupsafe import Markup

from distiliqa.ct import Acquisition
from distiliqa.errors import one_line
from distiliqa.models.score_scale import ScoreScale
from distiliqa.report.columns import series_columns, slice_columns
from distiliqa.report.formatting import fact_text, protocol, scanner
from distiliqa.report.html.section import slice_figure
from distiliqa.report.level_checks import LEVELS, level_state, level_text
from distiliqa.report.mean_columns import TABLE, mean_text, short_title
from distiliqa.report.names import Names
from distiliqa.report.page_blocks import (
    Cell,
    Heading,
    Notes,
    Row,
    figure,
    filled,
    headings,
    numbers_of,
)
from distiliqa.report.plots import Dot, strips, svg
from distiliqa.report.series_entry import (
    TENTH,
    SeriesEntry,
    any_measured,
    percentile,
    worst_first,
)
from distiliqa.report.standard_names import STANDARD
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore

MAX_GROUPS = 24
NOT_STATED = "not stated"
GROUPS: dict[str, Callable[[Acquisition], str]] = {
    "protocol": protocol,
    "scanner": scanner,
    "kernel": lambda acquisition: one_line(acquisition.kernel or ""),
    "body part": lambda acquisition: one_line(acquisition.body_part or ""),
}
FACTS = slice_columns(
    "kvp", "exposure_mas", "ctdivol_mgy", "kernel", "slice_thickness_mm", "body_part"
)
SLICES, MEAN, NOISE, OUT_OF_DOMAIN, PROCESSED = series_columns(
    "slices", "score", "noise_hu", "outside", "processed_slices"
)
COUNTS = (OUT_OF_DOMAIN, PROCESSED)
HEADINGS = (
    Heading("Series", "A click leads to the series."),
    *headings((STANDARD,)),
    Heading("Scanner"),
    *headings(FACTS),
    *headings((SLICES, MEAN)),
    Heading("Worst", "Score of the worst slice.", numeric=True),
    Heading("10th percentile", "One slice in ten has this score or a worse one.", numeric=True),
    *headings((NOISE, LEVELS, *COUNTS)),
    Heading("Notes", "Warnings by their number in the list of notes."),
)


def figures(run: ScoringRun, entries: Sequence[SeriesEntry]) -> dict[str, Markup]:
    """The figures at the top; slices that do not count for their series do not count here."""
    ranked = worst_first(chain(*(entry.ranked for entry in entries)), run.model.scale)
    found = {
        "Slices scored": figure(f"{len(run.slices)}", f"in {len(entries)} series"),
        "Median slice": figure(
            f"{percentile(ranked, 0.5).score:.2f}", "half are no better (nearest rank)"
        ),
        "10th percentile": figure(
            f"{percentile(ranked, TENTH).score:.2f}", "one in ten is no better"
        ),
        "Worst slice": _worst(ranked[0], entries),
    }
    if any(slice_.distance is not None for slice_ in run.slices):
        found["Out of domain"] = figure(f"{sum(slice_.out_of_domain for slice_ in run.slices)}")
    if any(slice_.processed is not None for slice_ in run.slices):
        processed = sum(slice_.counts_as_processed for slice_ in run.slices)
        found[PROCESSED.term] = figure(f"{processed}")
    return found | {"Not scored": figure(f"{len(run.failed)}", "failed")}


def _worst(slice_: SliceScore, entries: Sequence[SeriesEntry]) -> Markup:
    return slice_figure(next(entry for entry in entries if entry.ranked[0] is slice_), slice_)


def series_table(entries: Sequence[SeriesEntry], notes: Notes) -> tuple[list[Heading], list[Row]]:
    """One row a series; its numbers are those of the slices that count."""
    rows = [Row(_cells(entry, notes), id=entry.row_id, mark=_mark(entry)) for entry in entries]
    return filled(HEADINGS, rows)


def _cells(entry: SeriesEntry, notes: Notes) -> list[str | Cell]:
    series = entry.series
    scanners = {scanner(slice_.acquisition) for slice_ in series.known} - {""}
    return [
        Cell(entry.name, href=f"#{entry.id}"),
        STANDARD.text(series),
        ", ".join(sorted(scanners)),
        *(fact_text(series.known, column) for column in FACTS),
        SLICES.text(series),
        MEAN.text(series),
        f"{entry.ranked[0].score:.2f}",
        entry.tenth_text,
        NOISE.text(series),
        level_cell(series),
        *(column.text(series) if column.value(series) else "" for column in COUNTS),
        numbers_of(series.all_warnings, notes),
    ]


def measures_table(entries: Sequence[SeriesEntry]) -> tuple[list[Heading], list[Row]] | None:
    """One row a series with the means of its measures; None in a run that measured nothing."""
    if not any_measured(entries):
        return None
    heads = [Heading(short_title(column), column.meaning, numeric=True) for column in TABLE]
    rows = [
        Row(
            [
                Cell(entry.name, href=f"#{entry.id}"),
                *(mean_text(entry.series, column) for column in TABLE),
            ]
        )
        for entry in entries
    ]
    return filled((Heading("Series", "A click leads to the series."), *heads), rows)


def level_cell(series: SeriesScore) -> str | Cell:
    """Whether a series is in range, in words and color; empty in a run without levels."""
    if (found := level_text(series)) is None:
        return ""
    return Cell(found, mark=f"level {level_state(series).replace(' ', '-')}")  # see style.css


def _mark(entry: SeriesEntry) -> str:
    return "out-of-domain" if all(slice_.out_of_domain for slice_ in entry.series.slices) else ""


def strip_plots(
    scale: ScoreScale, entries: Sequence[SeriesEntry], names: Names
) -> dict[str, Markup | None]:
    """Scores by protocol, scanner, kernel and body part; None where no file states it."""
    return {what: _strip_plot(scale, entries, names, group) for what, group in GROUPS.items()}


def _strip_plot(
    scale: ScoreScale,
    entries: Sequence[SeriesEntry],
    names: Names,
    group: Callable[[Acquisition], str],
) -> Markup | None:
    groups: defaultdict[str, list[Dot]] = defaultdict(list)
    for entry in entries:
        for slice_ in entry.series.slices:
            title = f"{entry.name}, {names.slice(slice_)}: {slice_.score:.2f}"
            dot = Dot(slice_.score, f"#{entry.slice_id(slice_)}", title, slice_.out_of_domain)
            groups[group(slice_.acquisition) or NOT_STATED].append(dot)
    if set(groups) == {NOT_STATED}:
        return None
    return svg(strips(_largest(groups), x_label="score", limits=(scale.low, scale.high)))


def _largest(groups: Mapping[str, list[Dot]]) -> dict[str, list[Dot]]:
    """The largest groups by name; all others together where there are too many to draw."""
    ordered = sorted(groups, key=lambda name: -len(groups[name]))
    kept = sorted(ordered[:MAX_GROUPS], key=lambda name: (name == NOT_STATED, name))
    drawn = {name: groups[name] for name in kept}
    if others := ordered[MAX_GROUPS:]:
        drawn[f"{len(others)} other{'s' * (len(others) > 1)}"] = [
            dot for name in others for dot in groups[name]
        ]
    return drawn
