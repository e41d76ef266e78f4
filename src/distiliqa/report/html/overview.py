"""The whole run at a glance: its figures, the table of its series, strip plots by group."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain

from markupsafe import Markup

from distiliqa.ct import Acquisition
from distiliqa.errors import one_line
from distiliqa.models.folder import ScoreScale
from distiliqa.report.entry import Entry
from distiliqa.report.facts import protocol, scanner, told
from distiliqa.report.formatting import number_told
from distiliqa.report.html.figure import Figures, figure, slice_figure
from distiliqa.report.html.notes import Notes, numbers_of
from distiliqa.report.names import Names
from distiliqa.report.page_blocks import Cell, Column, Row, filled
from distiliqa.report.plots import Dot, strips
from distiliqa.report.ranks import percentile, worst_first
from distiliqa.scoring.result import ScoringRun, SliceScore

TENTH = 0.1
MOST_GROUPS = 24
NOT_STATED = "not stated"
GROUPS: dict[str, Callable[[Acquisition], str]] = {
    "protocol": protocol,
    "scanner": scanner,
    "kernel": lambda acquisition: one_line(acquisition.kernel or ""),
    "body part": lambda acquisition: one_line(acquisition.body_part or ""),
}
COLUMNS = (
    Column("Series", "a click leads to the series"),
    Column("Scanner"),
    Column("kV", "tube voltage", numeric=True),
    Column("mAs", "exposure", numeric=True),
    Column("CTDIvol", "mGy", numeric=True),
    Column("Kernel"),
    Column("mm", "slice thickness", numeric=True),
    Column("Body part"),
    Column("Slices", numeric=True),
    Column("Mean", "mean score of the slices that count", numeric=True),
    Column("Worst", "score of the worst slice", numeric=True),
    Column("10th", "one slice in ten is this bad or worse", numeric=True),
    Column("GNL", "mean global noise level, HU", numeric=True),
    Column("Outside", "slices outside what the model was trained on", numeric=True),
    Column("Notes", "warnings by their number in the list of notes"),
)


def figures(run: ScoringRun, entries: Sequence[Entry]) -> Figures:
    """What stands at the top; slices that do not count for their series do not count here."""
    ranked = worst_first(chain(*(each.ranked for each in entries)), run.model.scale)
    found = {
        "Slices scored": figure(f"{len(run.slices)}", f"in {len(entries)} series"),
        "Median slice": figure(f"{percentile(ranked, 0.5).score:.2f}"),
        "10th percentile": figure(
            f"{percentile(ranked, TENTH).score:.2f}", "one in ten is no better"
        ),
        "Worst slice": _worst(ranked[0], entries),
    }
    if any(each.distance is not None for each in run.slices):
        outside = sum(each.outside for each in run.slices)
        found["Outside"] = figure(f"{outside}", "of what the model knows")
    return found | {"Not scored": figure(f"{len(run.failed)}", "failed")}


def _worst(each: SliceScore, entries: Sequence[Entry]) -> Markup:
    return slice_figure(next(entry for entry in entries if entry.ranked[0] is each), each)


def series_table(entries: Sequence[Entry], notes: Notes) -> tuple[list[Column], list[Row]]:
    """One row a series; its numbers are those of the slices that count."""
    rows = [Row(_cells(each, notes), id=each.row_id, mark=_mark(each)) for each in entries]
    return filled(COLUMNS, rows)


def _cells(entry: Entry, notes: Notes) -> list[str | Cell]:
    series = entry.series
    facts = [slice_.acquisition for slice_ in series.known]
    outside = sum(each.outside for each in series.slices)
    return [
        Cell(entry.name, href=f"#{entry.id}"),
        ", ".join(sorted({scanner(each) for each in facts} - {""})),
        told(facts, "kvp"),
        told(facts, "exposure_mas"),
        told(facts, "ctdivol_mgy"),
        told(facts, "kernel"),
        told(facts, "slice_thickness_mm"),
        told(facts, "body_part"),
        str(len(series.slices)),
        f"{series.score:.2f}",
        f"{entry.ranked[0].score:.2f}",
        f"{percentile(entry.ranked, TENTH).score:.2f}",
        number_told(series.noise_hu, 1),
        str(outside) if outside else "",
        numbers_of(series.all_warnings, notes),
    ]


def _mark(entry: Entry) -> str:
    return "outside" if all(each.outside for each in entry.series.slices) else ""


def strip_plots(
    scale: ScoreScale, entries: Sequence[Entry], names: Names
) -> dict[str, Markup | None]:
    """Scores by protocol, scanner, kernel and body part; None where no file states it."""
    return {what: _strip_plot(scale, entries, names, group) for what, group in GROUPS.items()}


def _strip_plot(
    scale: ScoreScale, entries: Sequence[Entry], names: Names, group: Callable[[Acquisition], str]
) -> Markup | None:
    groups: defaultdict[str, list[Dot]] = defaultdict(list)
    for entry in entries:
        for n, each in enumerate(entry.series.slices, start=1):
            title = f"{entry.name}, {names.slice(each, n)}: {each.score:.2f}"
            dot = Dot(each.score, f"#{entry.slice_id(n)}", title, each.outside)
            groups[group(each.acquisition) or NOT_STATED].append(dot)
    if set(groups) == {NOT_STATED}:
        return None
    return strips(_largest(groups), x_label="score", limits=(scale.low, scale.high))


def _largest(groups: Mapping[str, list[Dot]]) -> dict[str, list[Dot]]:
    """The largest groups by name; all others together where there are too many to draw."""
    ordered = sorted(groups, key=lambda name: -len(groups[name]))
    kept = sorted(ordered[:MOST_GROUPS], key=lambda name: (name == NOT_STATED, name))
    drawn = {name: groups[name] for name in kept}
    if others := ordered[MOST_GROUPS:]:
        drawn[f"{len(others)} others"] = [dot for name in others for dot in groups[name]]
    return drawn
