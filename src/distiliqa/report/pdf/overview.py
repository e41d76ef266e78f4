"""The first page of a PDF, with all series in one table, and where everything comes from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image as Pillow
from reportlab.lib.units import mm
from reportlab.platypus import Image, Paragraph, Spacer, Table

from distiliqa.ct import Acquisition, Problem
from distiliqa.report.environment import environment
from distiliqa.report.json import model_facts
from distiliqa.report.pdf.document import (
    BODY,
    HEADING,
    QUIET,
    TITLE,
    WIDTH,
    facts,
    grid,
    padding,
    text,
)
from distiliqa.report.pdf.figures import figures, number, series_name
from distiliqa.scoring.result import ScoringRun

LOGO_MM = (45, 18)
MOST_PROBLEMS = 30
COLUMNS = (
    ("Series", 2.2, False),
    ("Scanner", 2.6, False),
    ("Protocol", 3.2, False),
    ("Slices", 1.1, True),
    ("Mean", 1.1, True),
    ("Interval", 1.7, True),
    ("10 %", 1.0, True),
    ("Worst", 1.1, True),
    ("Noise HU", 1.2, True),
    ("Outside", 1.3, True),
)


def front(
    run: ScoringRun, logo: Path | None, notes: str | None, *, identify: bool
) -> Iterator[Any]:
    """Title, notes, what the scale means, and a row a series."""
    yield _title(logo)
    yield Spacer(0, 2 * mm)
    scale, window = run.model.scale, run.model.window
    direction = "higher" if scale.higher_is_better else "lower"
    yield text(
        f"{run.model.name} {run.model.version}: score {scale.low:g} to {scale.high:g}, {direction} "
        f"is better, {scale.meaning}. Seen through a window of width {window.width:g}, level "
        f"{window.level:g} HU.",
        QUIET,
    )
    for line in (notes or "").splitlines():
        yield Spacer(0, 2 * mm)
        yield text(line, BODY, most=None)
    yield Paragraph("Series", HEADING)
    yield grid(COLUMNS, [_row(run, each, identify=identify) for each in run.series])
    yield Spacer(0, 2 * mm)
    yield text(
        "10 %: one slice in ten scores as badly as that or worse. Noise: mean global noise level. "
        "Outside: slices unlike what the model was trained on; they are scored, and left out of "
        "the mean where there are others.",
        QUIET,
    )


def _title(logo: Path | None) -> Any:
    title = text("CT image quality", TITLE)
    if logo is None:
        return title
    with Pillow.open(logo) as picture:
        width, height = picture.size
    scale = min(LOGO_MM[0] * mm / width, LOGO_MM[1] * mm / height)
    return Table(
        [[title, Image(str(logo), width * scale, height * scale)]],
        colWidths=[WIDTH - width * scale, width * scale],
        style=[("VALIGN", (0, 0), (-1, -1), "TOP"), *padding(0, 0, 0)],
    )


def _row(run: ScoringRun, series: Any, *, identify: bool) -> Sequence[object]:
    made, found = series.acquisition, figures(series, run.model.scale)
    return (
        series_name(series.series, identify=identify),
        " ".join(filter(None, (made.manufacturer, made.scanner))) or "not stated",
        protocol(made) or "not stated",
        len(series.slices),
        number(series.score),
        "" if series.interval is None else f"{series.interval[0]:.2f} to {series.interval[1]:.2f}",
        number(found.tenth),
        number(found.worst.score),
        number(series.noise_hu, 1),
        sum(each.outside for each in series.slices) or "",
    )


def protocol(made: Acquisition) -> str:
    """The facts that make a protocol, in a few words."""
    numbers = (
        (made.kvp, "kV"),
        (made.exposure_mas, "mAs"),
        (made.ctdivol_mgy, "mGy"),
        (made.slice_thickness_mm, "mm"),
    )
    told = [f"{value:.4g} {unit}" for value, unit in numbers if value is not None]
    return ", ".join([*told, *filter(None, (made.kernel, made.body_part))])


def provenance(run: ScoringRun, *, identify: bool) -> Iterator[Any]:
    """Model, software, inputs, and what could not be scored."""
    model, software = model_facts(run.model), environment()
    hashes = "".join(sorted(run.sha256.values()))
    yield Paragraph("Provenance", HEADING)
    pairs = [
        ("Model", f"{model['name']} {model['version']}"),
        ("Software", f"distiliqa {software['distiliqa']}, Python {software['python']}"),
        ("Slices", f"{len(run.slices)} scored of {run.found} found"),
        ("SHA-256 of the model", model["sha256"]),
        (
            f"SHA-256 of the sorted SHA-256 of {len(run.sha256)} files",
            hashlib.sha256(hashes.encode()).hexdigest(),
        ),
        ("Each file", "with its SHA-256 in scores.json and run.json"),
    ]
    if identify:
        pairs.append(("Inputs", ", ".join(run.inputs)))
    yield facts(pairs)
    yield from _problems("Could not be scored", run.failed, identify=identify)
    yield from _problems("Left out, as no axial CT", run.left_out, identify=identify)


def _problems(title: str, problems: Sequence[Problem], *, identify: bool) -> Iterator[Any]:
    if not problems:
        return
    yield Paragraph(f"{title}: {len(problems)}", HEADING)
    told = Counter(f"{each.path}: {each.reason}" if identify else _cause(each) for each in problems)
    for words, count in list(told.items())[:MOST_PROBLEMS]:
        yield text(words if count == 1 else f"{words} ({count} times)")
    if len(told) > MOST_PROBLEMS:
        yield text(f"{len(told) - MOST_PROBLEMS} more are in run.json")


def _cause(problem: Problem) -> str:
    """The reason, unless it names a path, which may name a patient."""
    return "see run.json" if "/" in problem.reason or "\\" in problem.reason else problem.reason
