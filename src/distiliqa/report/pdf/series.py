"""One section a series: figures, facts, plots along it, warnings, pictures."""

from __future__ import annotations

import base64
import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import Image, KeepTogether, Spacer

from distiliqa.report.entry import Entry
from distiliqa.report.example_pictures import Picture, Pictures
from distiliqa.report.facts import FACTS, told
from distiliqa.report.formatting import interval_told, number_told
from distiliqa.report.names import Names
from distiliqa.report.pdf.document import HEADING, QUIET, WIDTH, facts, side_by_side, text
from distiliqa.report.pdf.plots import profile_drawing
from distiliqa.report.ranks import percentile
from distiliqa.scoring.result import ScoringRun, SeriesScore, SliceScore

PICTURE = WIDTH / 3 - 3 * mm


def sections(
    run: ScoringRun, entries: Sequence[Entry], names: Names, pictures: Pictures
) -> Iterator[Any]:
    """A section for each series; of very many, for the worst, which are those with pictures."""
    shown = [each for each in entries if each.pictured]
    if len(shown) < len(entries):
        yield text(f"The {len(shown)} worst of {len(entries)} series follow.", QUIET)
    for entry in shown:
        yield KeepTogether(
            [
                text(f"Series {entry.name}", HEADING),
                facts(list(_facts(entry)), columns=4),
                side_by_side(_plots(run, entry.series)),
                *_warnings(entry.series),
                Spacer(0, 1 * mm),
                _pictures(entry, names, pictures),
            ]
        )


def _facts(entry: Entry) -> Iterator[tuple[str, object]]:
    series = entry.series
    yield "Mean score", f"{series.score:.2f}"
    if series.interval is not None:
        yield "Interval", interval_told(series.interval)
    yield "10th percentile", f"{percentile(entry.ranked, 0.1).score:.2f}"
    yield "Worst slice", f"{entry.ranked[0].score:.2f}"
    yield "Noise level, HU", number_told(series.noise_hu, 1) or "not known"
    yield "Slices", len(series.slices)
    made = [slice_.acquisition for slice_ in series.known]
    for field, (name, unit) in FACTS.items():
        if value := told(made, field):
            yield name, f"{value} {unit}"


def _plots(run: ScoringRun, series: SeriesScore) -> list[Any]:
    """Score and noise along the series; by the number of the slice where positions are unknown."""
    slices, scale = series.slices, run.model.scale
    placed = [each.position_mm for each in slices if each.position_mm is not None]
    known = len(placed) == len(slices)
    x = placed if known else [float(n) for n in range(1, len(slices) + 1)]
    label = "z, mm" if known else "slice"
    marks = [each.outside for each in slices]
    scores = profile_drawing(
        x,
        [each.score for each in slices],
        [each.interval for each in slices],
        x_label=label,
        y_label="score",
        y_limits=(scale.low, scale.high),
        marks=marks,
    )
    noise = profile_drawing(
        x,
        [each.noise_hu for each in slices],
        [None] * len(x),
        x_label=label,
        y_label="noise level, HU",
        marks=marks,
    )
    return [scores, noise]


def _warnings(series: SeriesScore) -> Iterator[Any]:
    for warning in series.warnings:
        yield text(f"Note on the series: {warning}")
    count = len(series.slices)
    for warning, times in Counter(w for each in series.slices for w in each.warnings).items():
        yield text(f"Note on {times} of {count} slices: {warning}")


def _pictures(entry: Entry, names: Names, pictures: Pictures) -> Any:
    cells = [
        [
            *_images(pictures[each.path, each.frame]),
            text(f"{word.capitalize()}: {each.score:.2f}, {_name(entry, each, names)}", QUIET),
        ]
        for word, each in entry.examples.items()
    ]
    return side_by_side(cells, columns=3)


def _name(entry: Entry, each: SliceScore, names: Names) -> str:
    return names.slice(each, entry.number_of(each))


def _images(picture: Picture) -> Iterator[Any]:
    """The slice and below it its heatmap; words where the slice could not be read again."""
    if not picture.image:
        yield text("The file can no longer be read, so that it has no picture.", QUIET)
    for uri in filter(None, picture):
        file = io.BytesIO(base64.b64decode(uri.partition(",")[2]))
        width, height = ImageReader(file).getSize()
        file.seek(0)
        yield Image(file, PICTURE, PICTURE * height / width)
        yield Spacer(0, 1 * mm)
