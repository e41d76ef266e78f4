"""What the screen shows: each slice of a short run, series and worst slices of a long one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import chain
from statistics import fmean

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from distiliqa.models.folder import ModelConfig
from distiliqa.report.formatting import interval_told, number_told, slices_told
from distiliqa.report.labels import series_labels, slice_labels
from distiliqa.report.ranks import worst_first
from distiliqa.scoring.result import ScoringRun, SeriesScore, SliceScore
from distiliqa.terminal import screen

MOST_SLICES = 40
WORST_SLICES = 10
WIDTH_OF_NUMBERS = 66


def print_scores(run: ScoringRun) -> None:
    """Print what a run gave on the standard output, for people to read."""
    console = screen()
    where = _where_warned(run)
    notes = {warning: number for number, warning in enumerate(where, start=1)}
    width = max(console.width - WIDTH_OF_NUMBERS, 16)
    _print_heading(run.model, console)
    if len(run.slices) <= MOST_SLICES:
        console.print(_every_slice(run, notes, width))
    else:
        console.print(_every_series(run, notes, width))
        console.print(_worst_slices(run, notes, width))
    if run.reference is not None:
        console.print(_against_reference(run, width))
    for warning, number in notes.items():
        console.print(Text(f"  note {number}, {where[warning]}: {warning}", "yellow"))
    seconds = run.seconds["total"]
    console.print(
        f"  {slices_told(len(run.slices))} in {len(run.series)} series, {seconds:.1f} s"
        f" ({len(run.slices) / seconds:.1f} a second)"
    )


def _where_warned(run: ScoringRun) -> dict[str, str]:
    """Each warning with how many slices, or series as a whole, it is of."""
    slices = Counter(warning for each in run.slices for warning in each.warnings)
    series = Counter(warning for each in run.series for warning in each.warnings)
    return {warning: slices_told(count) for warning, count in slices.items()} | {
        warning: f"{count} series" for warning, count in series.items()
    }


def _print_heading(model: ModelConfig, console: Console) -> None:
    scale, window = model.scale, model.window
    direction = "higher" if scale.higher_is_better else "lower"
    console.print(Text(f"\n  {model.name} {model.version}", "bold"))
    console.print(
        Text(
            f"  score {scale.low:g} to {scale.high:g}, {direction} is better: {scale.meaning}\n"
            f"  window width {window.width:g}, level {window.level:g} HU",
            "dim",
        )
    )


def _every_slice(run: ScoringRun, notes: Mapping[str, int], width: int) -> Table:
    table = _table("slice", "position mm", "score", _sureness(run), "noise HU", "notes")
    show_spread = run.model.certainty is None
    for label, series in zip(series_labels(run.series, width), run.series, strict=True):
        if len(series.slices) == 1:
            cells = _cells(series.slices[0], notes, show_spread, series.warnings)
            table.add_row(Text(label), *cells)
            continue
        table.add_section()
        mean = f"mean of {len(series.known)}"
        marks = _marks(series.warnings, notes)
        sure = interval_told(series.interval)
        numbers = (f"{series.score:.3f}", sure, number_told(series.noise_hu, 1), marks)
        table.add_row(Text(label), mean, *numbers, style="bold")
        for name, each in zip(slice_labels(series.slices, width - 2), series.slices, strict=True):
            table.add_row(Text(f"  {name}"), *_cells(each, notes, show_spread))
        table.add_section()
    return table


def _every_series(run: ScoringRun, notes: Mapping[str, int], width: int) -> Table:
    table = _table("series", "slices", "mean", "lowest", "highest", "noise HU", "notes")
    for label, series in zip(series_labels(run.series, width), run.series, strict=True):
        scores = [slice_.score for slice_ in series.known]
        numbers = (f"{number:.3f}" for number in (series.score, min(scores), max(scores)))
        noise, marks = number_told(series.noise_hu, 1), _marks(series.all_warnings, notes)
        table.add_row(Text(label), _count(series), *numbers, noise, marks)
    return table


def _count(series: SeriesScore) -> str:
    """How many of the slices count where not all do."""
    counted, slices = len(series.known), len(series.slices)
    return f"{slices}" if counted == slices else f"{counted} of {slices}"


def _worst_slices(run: ScoringRun, notes: Mapping[str, int], width: int) -> Table:
    counted = chain.from_iterable(series.known for series in run.series)
    worst = worst_first(counted, run.model.scale)[:WORST_SLICES]
    first = f"the {len(worst)} worst slices"
    table = _table(first, "position mm", "score", _sureness(run), "noise HU", "notes")
    for name, each in zip(slice_labels(worst, width), worst, strict=True):
        table.add_row(Text(name), *_cells(each, notes, run.model.certainty is None))
    return table


def _against_reference(run: ScoringRun, width: int) -> Table:
    """Means over the slices that count of each series and have a slice of the reference."""
    table = _table("means against the reference", "slices", "SSIM", "PSNR dB", "VIF", "GMSD")
    for label, series in zip(series_labels(run.series, width), run.series, strict=True):
        compared = [slice_.comparison for slice_ in series.known]
        found = [pair for pair in compared if pair is not None and pair.reference is not None]
        table.add_row(
            Text(label),
            str(len(found)),
            _mean((pair.ssim for pair in found), 3),
            _mean((pair.psnr for pair in found), 1),
            _mean((pair.vif for pair in found), 3),
            _mean((pair.gmsd for pair in found), 3),
        )
    return table


def _table(first: str, *others: str) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="left" if name == "notes" else "right", no_wrap=True)
    return table


def _cells(
    each: SliceScore, notes: Mapping[str, int], show_spread: bool, of_series: Iterable[str] = ()
) -> tuple[str, ...]:
    return (
        number_told(each.position_mm, 1),
        number_told(each.score, 3),
        number_told(each.spread, 3) if show_spread else interval_told(each.interval),
        number_told(each.noise_hu, 1),
        _marks((*each.warnings, *of_series), notes),
    )


def _sureness(run: ScoringRun) -> str:
    """What a column tells of how sure scores are: the interval, or without one the spread."""
    certainty = run.model.certainty
    return "spread" if certainty is None else f"{100 * certainty.coverage:.0f} % interval"


def _mean(values: Iterable[float | None], digits: int) -> str:
    known = [value for value in values if value is not None]
    return number_told(fmean(known), digits) if known else ""


def _marks(warnings: Iterable[str], notes: Mapping[str, int]) -> str:
    return " ".join(map(str, sorted({notes[warning] for warning in warnings})))
