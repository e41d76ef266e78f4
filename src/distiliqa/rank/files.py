"""``rank.csv``, ``rank_slices.csv``, ``rank.json`` and ``rank.html``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from distiliqa.ct import Problem
from distiliqa.files import write_json
from distiliqa.rank.page import write_html
from distiliqa.rank.result import DESCRIBING, RankedRun
from distiliqa.rank.standings import Figure, Standing, known_measures, sentences, standings
from distiliqa.report.columns import row_of, slice_columns
from distiliqa.report.csv import write_table
from distiliqa.report.each_file import unwritten, write_files
from distiliqa.report.json import model_facts, rounded, settings
from distiliqa.version import __version__

OF_SLICE = slice_columns(
    "path", "slice", "position_mm", "interval_low", "interval_high", "processed", "outside"
)


def write_ranks(run: RankedRun, folder: Path, *, identify: bool = False) -> list[Problem]:
    """Write the leaderboard as CSV, JSON and a page, and its slices as CSV, each whole or not.

    Parameters
    ----------
    identify : name files on the page too, which may name a patient.

    Returns
    -------
    The files that could not be written, with the reason.
    """
    rows, slices = list(leaderboard_rows(run)), list(slice_rows(run))
    writers: dict[Path, Callable[[Path], object]] = {
        folder / "rank.csv": lambda path: write_table(path, list(rows[0]), rows),
        folder / "rank_slices.csv": lambda path: write_table(path, list(slices[0]), slices),
        folder / "rank.json": lambda path: write_json(path, rank_record(run)),
        folder / "rank.html": lambda path: write_html(path, run, identify=identify),
    }
    return unwritten(write_files(writers))


def leaderboard_rows(run: RankedRun) -> Iterator[dict[str, Any]]:
    """One row a method, from the first rank on; the ends of intervals follow their mean."""
    names = [column.name for column in known_measures(run)]
    for place in standings(run):
        row: dict[str, Any] = {
            "rank": place.rank,
            "method": place.method.name,
            "held": place.held,
            "first": place.first,
            "slices": len(run.counted),
            "minus_first": place.behind,
            **_ends("minus_first", place.behind_interval),
        }
        for name in names:
            row |= _cells(name, place.figures.get(name))
        yield row


def _cells(name: str, figure: Figure | None) -> dict[str, Any]:
    cells = {name: None if figure is None else figure.mean}
    cells |= _ends(name, None if figure is None else figure.interval)
    if name not in DESCRIBING:
        cells[f"{name}_rank"] = None if figure is None else figure.rank
    return cells


def _ends(name: str, interval: tuple[float, float] | None) -> dict[str, float | None]:
    low, high = (None, None) if interval is None else interval
    return {f"{name}_low": low, f"{name}_high": high}


def slice_rows(run: RankedRun) -> Iterator[dict[str, Any]]:
    """One row a slice and method."""
    for at, patient in enumerate(run.patients):
        for method in run.methods:
            slice_ = method.slices[at]
            yield {
                "number": at + 1,
                "patient": patient,
                "counted": at in run.counted,
                "method": method.name,
                **row_of((*run.measures, *OF_SLICE), slice_),
            }


def rank_record(run: RankedRun) -> dict[str, Any]:
    """The content of ``rank.json``: model, methods by rank, what was drawn, and provenance."""
    config = run.methods[0].run.model
    return {
        "distiliqa": __version__,
        "model": model_facts(config),
        "settings": settings(config),
        "complete": run.complete,
        "reference": run.reference,
        "reference_sha256": run.sha256,
        "slices": len(run.patients),
        "counted": len(run.counted),
        "patients": len(set(run.patients)),
        "units": run.score.units,
        "sentences": list(sentences(run)),
        "notes": list(run.notes),
        "methods": [_method(place) for place in standings(run)],
        "not_scored": [
            {
                "method": method.name,
                "input": method.run.inputs[0],
                "failed": [problem._asdict() for problem in method.run.failed],
            }
            for method in run.unscored
        ],
    }


def _method(place: Standing) -> dict[str, Any]:
    run = place.method.run
    return {
        "rank": place.rank,
        "method": place.method.name,
        "input": run.inputs[0],
        "held": rounded(place.held),
        "first": rounded(place.first),
        "minus_first": rounded(place.behind),
        "minus_first_interval": rounded(place.behind_interval),
        "measures": {
            name: {
                "mean": rounded(figure.mean),
                "interval": rounded(figure.interval),
                "slices": figure.slices,
                "rank": figure.rank,
            }
            for name, figure in place.figures.items()
        },
        "not_ranked": place.method.alone,
        "failed": [problem._asdict() for problem in run.failed],
        "left_out": [problem._asdict() for problem in run.left_out],
        "sha256": run.all_sha256,
    }
