"""The first page of a PDF, with all series in one table, and its last, the provenance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image as Pillow
from reportlab.lib.units import mm
from reportlab.platypus import Image, Paragraph, Spacer, Table

from distiliqa.report.columns import series_columns
from distiliqa.report.formatting import interval_text, protocol, scanner
from distiliqa.report.level_checks import LEVELS, level_state, level_text
from distiliqa.report.names import Names
from distiliqa.report.pdf.document import (
    BODY,
    HEADING,
    LEVEL_STYLES,
    QUIET,
    STRONG,
    TITLE,
    WIDTH,
    facts,
    grid,
    padding,
    text,
)
from distiliqa.report.provenance import provenance
from distiliqa.report.series_entry import SeriesEntry
from distiliqa.report.standard_names import STANDARD
from distiliqa.scoring.hold_back import LOST_DETAIL
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore

LOGO_MM = (45, 18)
MAX_PROBLEMS = 40
SLICES, MEAN, NOISE, OUT_OF_DOMAIN, PROCESSED = series_columns(
    "slices", "score", "noise_hu", "outside", "processed_slices"
)
COLUMNS = (
    ("Series", 3.0, False),
    ("Scanner", 2.6, False),
    ("Protocol", 2.8, False),
    ("Body part", 1.9, False),
    (SLICES.head, 1.1, True),
    (MEAN.head, 1.0, True),
    ("Interval", 2.1, True),
    ("10th percentile", 1.3, True),
    ("Worst", 1.1, True),
    (NOISE.head, 1.2, True),
    (OUT_OF_DOMAIN.head, 1.4, True),
)
STANDARD_COLUMN, LEVELS_COLUMN = (STANDARD.head, 2.0, False), (LEVELS.head, 2.8, False)
PROCESSED_COLUMN = ("Processed", 1.8, True)


def front(
    run: ScoringRun,
    entries: Sequence[SeriesEntry],
    names: Names,
    logo: Path | None,
    notes: str | None,
) -> Iterator[Any]:
    """Title, notes, the meaning of the scale, and a row a series."""
    yield _title(logo)
    yield Spacer(0, 2 * mm)
    scale, window = run.model.scale, run.model.window
    direction = "higher" if scale.higher_is_better else "lower"
    yield text(
        f"{run.model.name} {run.model.version}: score {scale.low:g} to {scale.high:g}, {direction} "
        f"is better, {scale.meaning}. Window width {window.width:g}, level "
        f"{window.level:g} HU.",
        QUIET,
    )
    for line in (notes or "").splitlines():
        yield Spacer(0, 2 * mm)
        yield text(line, BODY, most=None)
    yield text("Series, the worst first", HEADING)
    yield _series_table(entries)
    yield Spacer(0, 2 * mm)
    if names.meaning:
        yield text(names.meaning, QUIET)
    counted = (
        "They count in the other figures too, as requested."
        if run.count_outside
        else "They are scored, and do not count in the other figures unless all slices are such."
    )
    yield text(
        "10th percentile: one slice in ten has this score or a worse one. Noise level: mean global "
        "noise level (GNL), the most frequent standard deviation in soft tissue. "
        "Out of domain: slices unlike those that the model was trained on, or without a patient. "
        f"{counted}",
        QUIET,
    )
    if (calibration := run.model.interval_calibration) is not None:
        yield text(
            f"Interval: {100 * calibration.coverage:.0f} % prediction interval of the rating of a "
            "slice; for a series the means of the lower and of the upper ends.",
            QUIET,
        )
    if _any_processed(entries):
        yield text(f"Processed: slices whose {LOST_DETAIL}. Their score is held back.", QUIET)


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


def _series_table(entries: Sequence[SeriesEntry]) -> Table:
    """A row a series; columns of some runs only where a series has anything there."""
    rows = [_row(entry) for entry in entries]
    optional = (
        (STANDARD_COLUMN, [STANDARD.text(entry.series) for entry in entries]),
        (LEVELS_COLUMN, [_levels(entry.series) for entry in entries]),
        (PROCESSED_COLUMN, [PROCESSED.value(entry.series) or "" for entry in entries]),
    )
    shown = [(column, cells) for column, cells in optional if any(cells)]
    added = zip(*(cells for _, cells in shown), strict=True) if shown else [()] * len(rows)
    return grid(
        (*COLUMNS, *(column for column, _ in shown)),
        [(*row, *cells) for row, cells in zip(rows, added, strict=True)],
    )


def _levels(series: SeriesScore) -> Paragraph | str:
    """Whether a series is in range, in words and color; empty in a run without levels."""
    if (found := level_text(series)) is None:
        return ""
    return text(found, LEVEL_STYLES[level_state(series)])


def _any_processed(entries: Sequence[SeriesEntry]) -> bool:
    return any(entry.series.processed_slices for entry in entries)


def _row(entry: SeriesEntry) -> Sequence[object]:
    series = entry.series
    made = series.acquisition
    return (
        entry.name,
        scanner(made) or "not stated",
        protocol(made) or "not stated",
        made.body_part or "",
        SLICES.text(series),
        MEAN.text(series),
        interval_text(series.interval),
        entry.tenth_text,
        f"{entry.ranked[0].score:.2f}",
        NOISE.text(series),
        OUT_OF_DOMAIN.value(series) or "",
    )


def origin(run: ScoringRun, entries: Sequence[SeriesEntry], names: Names) -> Iterator[Any]:
    """Software, model and inputs, and what could not be scored."""
    found = provenance(run, list(entries), names)
    yield text("Provenance", HEADING)
    for title, key in (("Model", "model"), ("Software", "software"), ("Run", "run")):
        yield text(title, STRONG)
        yield facts(found[key])
    yield text("The SHA-256 of each file read is in run.json.", QUIET)
    if found["stopped"]:
        yield text(f"The run was stopped early: {found['stopped']}")
    for title, key in (("Not scored", "failed"), ("Left out, as no axial CT", "left_out")):
        yield from _listed(title, [f"{at}: {why}" if at else why for at, why in found[key]])
    yield from _listed("Dose events without a series", found["unmatched_events"])


def _listed(title: str, lines: Sequence[str]) -> Iterator[Any]:
    """A heading and lines below it; nothing where there are none."""
    if lines:
        yield text(title, HEADING)
    yield from map(text, lines[:MAX_PROBLEMS])
    if len(lines) > MAX_PROBLEMS:
        yield text(f"{len(lines) - MAX_PROBLEMS} more are in run.json")
