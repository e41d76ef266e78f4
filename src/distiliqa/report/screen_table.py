"""Scores on the screen: all slices of a short run, series and worst slices of a long one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from statistics import fmean

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from distiliqa.models.config import ModelConfig
from distiliqa.report.columns import COMPARED, series_columns, slice_columns
from distiliqa.report.formatting import interval_text, number_text, slice_count
from distiliqa.report.level_checks import LEVELS, level_state
from distiliqa.report.measures_table import LEGEND, measures_table, missing_lines
from distiliqa.report.names import series_labels, slice_labels
from distiliqa.report.notebook import Block
from distiliqa.report.series_entry import worst_first
from distiliqa.report.standard_names import STANDARD
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.terminal import screen

POSITION, SCORE, SPREAD, NOISE = slice_columns("position_mm", "score", "spread", "noise_hu")
SLICES, MEAN, MEAN_NOISE = series_columns("slices", "score", "noise_hu")
NOISE_HEAD = NOISE.head.replace(" ", "\n", 1)  # one line is too wide for a screen of 80 columns

MAX_SLICES = 40
WORST_SLICES = 10
WIDTH_OF_NUMBERS = 68
_STYLES = {"in range": "green", "not in range": "bold red", "not known": "yellow"}


def print_scores(run: ScoringRun) -> None:
    """Print the scores of a run on the standard output, for people to read."""
    console = screen()
    for block in score_blocks(run, max(console.width - WIDTH_OF_NUMBERS, 16)):
        console.print(block)
    seconds = run.seconds["total"]
    console.print(
        f"  {slice_count(len(run.slices))} in {len(run.series)} series, {seconds:.1f} s"
        f" ({len(run.slices) / seconds:.1f} a second)"
    )


def score_blocks(run: ScoringRun, width: int) -> Iterator[Block]:
    """Tables and lines of a run: model, scores, measures, and the notes.

    Parameters
    ----------
    width : int
        The most letters of the name of a slice or series.
    """
    where = _where_warned(run)
    notes = {warning: number for number, warning in enumerate(where, start=1)}
    yield from _heading(run.model)
    if len(run.slices) <= MAX_SLICES:
        yield _every_slice(run, notes, width)
    else:
        yield from (_every_series(run, notes, width), _worst_slices(run, notes, width))
    yield from _measures(_ranked(run, width))
    if run.levels is not None:
        yield _levels(run, width)
    if run.reference is not None:
        yield _against_reference(run, width)
    for warning, number in notes.items():
        yield Text(f"  note {number}, {where[warning]}: {warning}", "yellow")
    if count := sum(map(_is_outside, run.series)):
        yield Text(
            f"  {count} series with all slices out of domain: counted, as there are no others",
            "yellow",
        )


def _is_outside(series: SeriesScore) -> bool:
    """Whether slices out of domain count because the series has no others."""
    return not series.count_outside and all(slice_.tier == 1 for slice_ in series.known)


def _measures(ranked: list[tuple[str, SeriesScore]]) -> Iterator[Block]:
    if (table := measures_table(ranked)) is None:
        return
    yield table
    for line in (LEGEND, *missing_lines(ranked)):
        yield Text(f"  {line}", "dim")
    yield Text()


def _ranked(run: ScoringRun, width: int) -> list[tuple[str, SeriesScore]]:
    """The series with their labels, the worst first."""
    found = run.series
    labels = dict(zip((one.series for one in found), series_labels(found, width), strict=True))
    return [(labels[one.series], one) for one in worst_first(found, run.model.scale)]


def _where_warned(run: ScoringRun) -> dict[str, str]:
    """Warnings with their number of slices, or of series as a whole."""
    slices = Counter(warning for slice_ in run.slices for warning in slice_.warnings)
    series = Counter(warning for series in run.series for warning in series.warnings)
    return {warning: slice_count(count) for warning, count in slices.items()} | {
        warning: f"{count} series" for warning, count in series.items()
    }


def _heading(model: ModelConfig) -> Iterator[Block]:
    scale, window = model.scale, model.window
    direction = "higher" if scale.higher_is_better else "lower"
    yield Text(f"\n  {model.name} {model.version}", "bold")
    yield Text(
        f"  score {scale.low:g} to {scale.high:g}, {direction} is better: {scale.meaning}\n"
        f"  window width {window.width:g}, level {window.level:g} HU",
        "dim",
    )


def _every_slice(run: ScoringRun, notes: Mapping[str, int], width: int) -> Table:
    table = _table("Slice", POSITION.head, SCORE.head, _spread_head(run), NOISE_HEAD, "Notes")
    show_spread = run.model.interval_calibration is None
    for label, series in _ranked(run, width):
        if len(series.slices) == 1:
            cells = _cells(series.slices[0], notes, show_spread, series.warnings)
            table.add_row(Text(label), *cells)
            continue
        table.add_section()
        mean = f"mean of {len(series.known)}"
        marks = _marks(series.warnings, notes)
        interval = interval_text(series.interval)
        numbers = (MEAN.text(series), interval, MEAN_NOISE.text(series), marks)
        table.add_row(Text(label), mean, *numbers, style="bold")
        labels = slice_labels(series.slices, width - 2)
        for name, slice_ in zip(labels, series.slices, strict=True):
            table.add_row(Text(f"  {name}"), *_cells(slice_, notes, show_spread))
        table.add_section()
    return table


def _every_series(run: ScoringRun, notes: Mapping[str, int], width: int) -> Table:
    heads = ("Series", SLICES.head, MEAN.head, "Lowest", "Highest", NOISE_HEAD, "Notes")
    table = _table(*heads)
    for label, series in _ranked(run, width):
        scores = [slice_.score for slice_ in series.known]
        ends = (number_text(end, SCORE.digits) for end in (min(scores), max(scores)))
        marks = _marks(series.all_warnings, notes)
        cells = (_count(series), MEAN.text(series), *ends, MEAN_NOISE.text(series), marks)
        table.add_row(Text(label), *cells)
    return table


def _count(series: SeriesScore) -> str:
    """The number of slices, and how many of them count where not all do."""
    counted, slices = len(series.known), len(series.slices)
    return f"{slices}" if counted == slices else f"{counted} of {slices}"


def _worst_slices(run: ScoringRun, notes: Mapping[str, int], width: int) -> Table:
    counted = chain.from_iterable(series.known for series in run.series)
    worst = worst_first(counted, run.model.scale)[:WORST_SLICES]
    first = f"{len(worst)} worst slices"
    table = _table(first, POSITION.head, SCORE.head, _spread_head(run), NOISE_HEAD, "Notes")
    for name, slice_ in zip(slice_labels(worst, width), worst, strict=True):
        table.add_row(Text(name), *_cells(slice_, notes, run.model.interval_calibration is None))
    return table


def _against_reference(run: ScoringRun, width: int) -> Table:
    """Means over the slices that count of each series and have a slice of the reference."""
    heads = (column.head for column in COMPARED)
    table = _table("Means against the reference", SLICES.head, *heads)
    for label, series in _ranked(run, width):
        found = [slice_ for slice_ in series.known if _has_reference(slice_)]
        means = (_mean(map(column.value, found), column.digits) for column in COMPARED)
        table.add_row(Text(label), str(len(found)), *means)
    return table


def _levels(run: ScoringRun, width: int) -> Table:
    """Each series with its standard name, and whether it is in range."""
    table = _table("Levels", STANDARD.head, "")
    table.columns[1].justify = table.columns[2].justify = "left"
    table.columns[2].no_wrap = False
    for label, series in _ranked(run, width):
        verdict = Text(LEVELS.text(series), _STYLES[level_state(series)])
        table.add_row(Text(label), Text(STANDARD.text(series) or "no standard name"), verdict)
    return table


def _has_reference(slice_: SliceScore) -> bool:
    return slice_.comparison is not None and slice_.comparison.reference is not None


def _table(first: str, *others: str) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column(first, no_wrap=True)
    for name in others:
        notes = name == "Notes"  # many of them take a second line, not room from the numbers
        table.add_column(name, justify="left" if notes else "right", no_wrap=not notes)
    return table


def _cells(
    slice_: SliceScore, notes: Mapping[str, int], show_spread: bool, of_series: Iterable[str] = ()
) -> tuple[str, ...]:
    return (
        POSITION.text(slice_),
        SCORE.text(slice_),
        SPREAD.text(slice_) if show_spread else interval_text(slice_.interval),
        NOISE.text(slice_),
        _marks((*slice_.warnings, *of_series), notes),
    )


def _spread_head(run: ScoringRun) -> str:
    """The head of the column of prediction intervals; of the spread for a model without any."""
    calibration = run.model.interval_calibration
    return SPREAD.head if calibration is None else f"{100 * calibration.coverage:.0f} % interval"


def _mean(values: Iterable[float | None], digits: int | None) -> str:
    known = [value for value in values if value is not None]
    return number_text(fmean(known), digits) if known else ""


def _marks(warnings: Iterable[str], notes: Mapping[str, int]) -> str:
    return " ".join(map(str, sorted({notes[warning] for warning in warnings})))
