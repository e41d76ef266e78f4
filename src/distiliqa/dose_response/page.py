"""``dose-response.html``: quality against dose, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from markupsafe import Markup
from PIL import Image

from distiliqa.dose_response.answers import (
    ASSUMPTIONS,
    half_dose_text,
    lowest_text,
    measured_text,
    no_interval_text,
    verdict,
)
from distiliqa.dose_response.result import DoseResponse
from distiliqa.report.columns import FACTS
from distiliqa.report.formatting import fact_text, interval_text, number_text, slice_count
from distiliqa.report.json import environment, model_facts
from distiliqa.report.page_blocks import write_page
from distiliqa.report.pictures import as_data_uri, windowed
from distiliqa.report.plots import Curve, Dot, Line, Scene, curves, strips, svg
from distiliqa.scoring.hold_back import LOST_DETAIL


def write_html(path: Path, found: DoseResponse) -> None:
    """Write the page, which names no patient, file or date."""
    write_page(
        path,
        "dose-response.html.j2",
        found.model,
        found=found,
        scale=found.model.scale,
        window=found.model.window,
        verdict=verdict(found),
        answers=[
            (basis.name, basis.goal_text, lowest_text(found, basis))
            for basis in (*found.safest_first, *found.unjudged)
        ],
        half=half_dose_text(found),
        no_interval=no_interval_text(found),
        plot=svg(dose_plot(found)),
        strips=_strips(found),
        rows=[_row(found, number) for number in range(len(found.points))],
        measured=measured_text(found),
        predicted=found.points[0].predicted is not None,
        pictures=list(_pictures(found)),
        assumptions=ASSUMPTIONS,
        lost_detail=LOST_DETAIL,
        processed=slice_count(found.processed),
        made=_made(found),
        model=model_facts(found.model),
        software=environment(),
    )


def _made(found: DoseResponse) -> dict[str, str]:
    """The acquisition facts of all slices that count, by the name of their column."""
    return {column.name: fact_text(found.points[0].slices, column) for column in FACTS}


_LEGEND = {"prediction": "prediction, worse end", "tenth": "worst tenth"}  # short: it is one line


def dose_plot(found: DoseResponse) -> Scene:
    """Means with their interval over the logarithm of the dose, and the worse curves of scores."""
    points = found.points[::-1]
    x = [math.log(point.dose) for point in points]
    intervals = [point.interval for point in points]
    drawn = [Curve("mean", x, [point.mean for point in points], intervals)]
    drawn += [
        Curve(_LEGEND[basis.kind], x, basis.values[::-1], points=False)
        for basis in found.bases
        if basis.kind in _LEGEND
    ]
    return curves(
        drawn,
        x_label="relative dose, logarithmic",
        y_label="score",
        y_limits=(found.model.scale.low, found.model.scale.high),
        x_ticks={math.log(point.dose): f"{point.dose:g}" for point in points},
        lines=[Line(found.least, f"{found.least:g}, to be reached", dashed=False)],
    )


def _strips(found: DoseResponse) -> Markup:
    groups = {
        f"dose {point.dose:g}": [
            Dot(slice_.score, "", f"slice {n}: {slice_.score:.2f}", flagged=slice_.out_of_domain)
            for n, slice_ in enumerate(point.slices, start=1)
        ]
        for point in found.points
    }
    scale = found.model.scale
    return svg(strips(groups, x_label="score of a slice", limits=(scale.low, scale.high)))


def _row(found: DoseResponse, number: int) -> dict[str, str]:
    point, dose_mgy = found.points[number], found.ctdivol_mgy
    return {
        "dose": f"{point.dose:g}",
        "ctdivol": "" if dose_mgy is None else f"{dose_mgy * point.dose:.3g}",
        "mean": f"{point.mean:.2f}",
        "interval": interval_text(point.interval),
        "predicted": interval_text(point.predicted),
        "tenth": f"{point.worst_tenth(found.model.scale):.2f}",
        "noise": number_text(found.noise_hu.at(number), 1),
        "dprime": number_text(found.dprime.at(number), 1),
        "out_of_domain": str(sum(slice_.out_of_domain for slice_ in point.slices) or ""),
    }


def _pictures(found: DoseResponse) -> Iterator[tuple[str, str]]:
    """The middle slice at each dose."""
    for point, hu in zip(found.points, found.shown, strict=False):
        yield f"dose {point.dose:g}", as_data_uri(Image.fromarray(windowed(hu, found.model.window)))
