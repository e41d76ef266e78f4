"""One section a series: facts, plots along it, pictures, warnings."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from PIL.Image import Image as Picture
from reportlab.lib.units import mm
from reportlab.platypus import Image, KeepTogether, Spacer

from distiliqa.errors import CTReadError
from distiliqa.report.pdf.document import HEADING, QUIET, WIDTH, facts, side_by_side, text
from distiliqa.report.pdf.figures import figures, number, series_name
from distiliqa.report.pdf.plots import profile_drawing
from distiliqa.report.pictures import heatmap_picture, slice_picture
from distiliqa.report.pixels import pixels_of
from distiliqa.scoring.result import ScoringRun, SeriesScore, SliceScore

MOST_SERIES = 40
PICTURE = WIDTH / 3 - 3 * mm


def series_sections(run: ScoringRun, *, identify: bool) -> Iterator[Any]:
    """A section for each series; of very many, for the worst."""
    sign = 1 if run.model.scale.higher_is_better else -1
    shown = sorted(run.series, key=lambda each: sign * each.score)[:MOST_SERIES]
    kept = {each.series for each in shown}
    if len(run.series) > len(shown):
        yield Spacer(0, 2 * mm)
        yield text(f"The {MOST_SERIES} worst of {len(run.series)} series follow.", QUIET)
    for each in run.series:
        if each.series in kept:
            yield _section(run, each, identify=identify)


def _section(run: ScoringRun, series: SeriesScore, *, identify: bool) -> KeepTogether:
    name = series_name(series.series, identify=identify)
    return KeepTogether(
        [
            text(f"Series {name}", HEADING),
            facts(list(_facts(run, series)), columns=4),
            side_by_side(_plots(run, series)),
            *_warnings(series),
            Spacer(0, 1 * mm),
            _pictures(run, series, identify=identify),
        ]
    )


def _warnings(series: SeriesScore) -> Iterator[Any]:
    count = len(series.slices)
    for warning, times in Counter(w for each in series.slices for w in each.warnings).items():
        yield text(f"Note on {times} of {count} slices: {warning}")
    if outside := sum(each.outside for each in series.slices):
        yield text(
            f"{outside} of {count} slices are outside what the model was trained on: read their "
            "scores with care."
        )


def _facts(run: ScoringRun, series: SeriesScore) -> Iterator[tuple[str, object]]:
    found, made = figures(series, run.model.scale), series.acquisition
    yield "Mean score", number(series.score)
    if series.interval is not None:
        yield "Interval", f"{series.interval[0]:.2f} to {series.interval[1]:.2f}"
    yield "Tenth percentile", number(found.tenth)
    yield "Worst slice", number(found.worst.score)
    yield "Noise level, HU", number(series.noise_hu, 1) or "too little soft tissue"
    yield "Slices", len(series.slices)
    known = (
        ("Manufacturer", made.manufacturer),
        ("Scanner", made.scanner),
        ("Tube voltage, kV", made.kvp),
        ("Tube current, mA", made.tube_current_ma),
        ("Exposure, mAs", made.exposure_mas),
        ("CTDIvol, mGy", made.ctdivol_mgy),
        ("Kernel", made.kernel),
        ("Slice thickness, mm", made.slice_thickness_mm),
        ("Body part", made.body_part),
    )
    for name, value in known:
        if value is not None:
            yield name, f"{value:.4g}" if isinstance(value, float) else value


def _plots(run: ScoringRun, series: SeriesScore) -> list[Any]:
    """Score and noise along the series; by the number of the slice where positions are unknown."""
    slices, scale = series.slices, run.model.scale
    positions = [each.position_mm for each in slices]
    known = [position for position in positions if position is not None]
    placed = len(known) == len(slices)
    x = known if placed else [float(n) for n in range(1, len(slices) + 1)]
    label = "position along the slice normal, mm" if placed else "slice"
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
    levels = [each.noise_hu for each in slices]
    if not any(level is not None for level in levels):
        return [scores, ""]
    noise = profile_drawing(
        x, levels, [None] * len(x), x_label=label, y_label="global noise level, HU", marks=marks
    )
    return [scores, noise]


def _pictures(run: ScoringRun, series: SeriesScore, *, identify: bool) -> Any:
    """The worst, the median and the best slice; of two or one, those there are."""
    found = figures(series, run.model.scale)
    named = [("Worst", found.worst), ("Median", found.median), ("Best", found.best)]
    if len(series.known) < 3:
        named = [named[0], named[2]][: len(series.known)]
    cells = [_picture(run, name, each, series.slices, identify=identify) for name, each in named]
    return side_by_side(cells, columns=3)


def _picture(
    run: ScoringRun, name: str, each: SliceScore, slices: Sequence[SliceScore], *, identify: bool
) -> list[Any]:
    """The slice in the window of the model, its heatmap below it, and what it is."""
    place = "" if each.position_mm is None else f" at {each.position_mm:.1f} mm"
    told = f"{name}: {each.score:.2f}, slice {slices.index(each) + 1} of {len(slices)}{place}"
    caption = text(f"{told}, {each.path}" if identify else told, QUIET)
    try:
        hu = pixels_of(each)
    except (CTReadError, OSError):
        return [caption, text("The file can no longer be read, so that it has no picture.", QUIET)]
    shown = [_image(slice_picture(hu, each.window))]
    if each.heatmap is not None:
        shown.append(_image(heatmap_picture(hu, each.window, each.heatmap, run.model.scale)))
    return [*(part for picture in shown for part in (picture, Spacer(0, 1 * mm))), caption]


def _image(picture: Picture) -> Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=85, optimize=True)
    file.seek(0)
    return Image(file, PICTURE, PICTURE * picture.height / picture.width)
