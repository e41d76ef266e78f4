"""One section a series: figures, facts, plots along it, warnings, pictures."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Image, KeepTogether, Spacer, Table

from distiliqa.report.column import Column
from distiliqa.report.columns import FACTS, series_columns
from distiliqa.report.dose_facts import dose_texts
from distiliqa.report.formatting import fact_text, interval_text
from distiliqa.report.level_checks import level_texts
from distiliqa.report.mean_columns import mean_texts, pooled_texts
from distiliqa.report.names import Names
from distiliqa.report.pdf.document import HEADING, QUIET, WIDTH, facts, side_by_side, text
from distiliqa.report.pdf.drawing import drawing
from distiliqa.report.pictures import Picture, Pictures
from distiliqa.report.scan_facts import scan_texts
from distiliqa.report.series_entry import SeriesEntry
from distiliqa.report.series_plots import about_plot, series_plot
from distiliqa.report.standard_names import STANDARD
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore

NOISE, PROCESSED_SLICES = series_columns("noise_hu", "processed_slices")
PANEL = 42  # height, px
PICTURE = WIDTH / 3 - 3 * mm


def sections(
    run: ScoringRun, entries: Sequence[SeriesEntry], names: Names, pictures: Pictures
) -> Iterator[Any]:
    """A section for each series; of very many, for the worst, which are those with pictures."""
    shown = [entry for entry in entries if entry.pictured]
    if len(shown) < len(entries):
        yield text(f"The {len(shown)} worst of {len(entries)} series follow.", QUIET)
    for entry in shown:
        scan = scan_texts(entry.series, identify=names.identify)
        words = [*scan, *_words(entry.series)]
        yield KeepTogether(
            [
                text(entry.heading, HEADING),
                _plot_and_numbers(run, entry),
                text(about_plot(entry.series), QUIET, most=None),
                *([facts(words, columns=4)] if words else []),
                *_warnings(entry.series),
                Spacer(0, 1 * mm),
                _pictures(entry, names, pictures),
            ]
        )


def _plot_and_numbers(run: ScoringRun, entry: SeriesEntry) -> Table:
    """The plot, and beside it the numbers: words may be longer than a page is high."""
    scene = series_plot(entry.series, run.model.scale, PANEL)
    numbers = facts(list(_numbers(entry)), columns=2, width=WIDTH / 2)
    return side_by_side([drawing(scene, WIDTH / 2 - 12), numbers])


def _numbers(entry: SeriesEntry) -> Iterator[tuple[str, object]]:
    series = entry.series
    yield "Mean score", f"{series.score:.2f}"
    if series.interval is not None:
        yield "Interval", interval_text(series.interval)
    if entry.tenth is not None:
        yield "10th percentile", entry.tenth_text
    yield "Worst slice", f"{entry.ranked[0].score:.2f}"
    yield NOISE.title, NOISE.text(series) or "not known"
    yield from mean_texts(series)
    yield "Slices", len(series.slices)
    if processed := PROCESSED_SLICES.text(series):
        yield PROCESSED_SLICES.term, processed
    yield from _stated(series, (column for column in FACTS if column.digits is not None))


def _words(series: SeriesScore) -> Iterator[tuple[str, object]]:
    if standard := STANDARD.text(series):
        yield STANDARD.term, standard
    yield from _stated(series, (column for column in FACTS if column.digits is None))
    yield from pooled_texts(series)
    yield from dose_texts(series)
    yield from level_texts(series)


def _stated(series: SeriesScore, columns: Iterable[Column]) -> Iterator[tuple[str, object]]:
    for column in columns:
        if value := fact_text(series.known, column):
            yield column.term, f"{value} {column.shown_unit}".strip()


def _warnings(series: SeriesScore) -> Iterator[Any]:
    for warning in series.warnings:
        yield text(f"Note on the series: {warning}")
    count = len(series.slices)
    counts = Counter(text for slice_ in series.slices for text in slice_.warnings)
    for warning, times in counts.items():
        yield text(f"Note on {times} of {count} slices: {warning}")


def _pictures(entry: SeriesEntry, names: Names, pictures: Pictures) -> Any:
    cells = [
        [
            *_images(pictures[slice_.path, slice_.frame]),
            text(f"{word.capitalize()}: {slice_.score:.2f}, {names.slice(slice_)}", QUIET),
        ]
        for word, slice_ in entry.examples.items()
    ]
    return side_by_side(cells, columns=3)


def _images(picture: Picture) -> Iterator[Any]:
    """The slice and below it its heatmap; words where the slice could not be read again."""
    if not picture.image:
        yield text("The file can no longer be read, so that it has no picture.", QUIET)
    for uri in filter(None, (picture.image, picture.heatmap)):
        file = io.BytesIO(base64.b64decode(uri.partition(",")[2]))
        width, height = ImageReader(file).getSize()
        file.seek(0)
        yield Image(file, PICTURE, PICTURE * height / width)
        yield Spacer(0, 1 * mm)
