"""``compare.csv``, one row a pair of slices, and ``compare.json``, all of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import Any

from distiliqa.compare.findings import findings
from distiliqa.compare.page import write_html
from distiliqa.compare.quantities import DIFFERENCES, Ratio, quantities
from distiliqa.compare.result import PairedRun, ScorePair
from distiliqa.ct import Problem
from distiliqa.files import write_json
from distiliqa.report.column import Column
from distiliqa.report.columns import row_of, slice_columns
from distiliqa.report.csv import write_table
from distiliqa.report.each_file import unwritten, write_files
from distiliqa.report.json import model_facts, settings
from distiliqa.report.mean_columns import MEASURES
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.statistics.paired_difference import Difference
from distiliqa.version import __version__

DIGITS = 6
SIDES = ("a", "b")
OF_A_SLICE = slice_columns(
    "path",
    "slice",
    "series",
    "position_mm",
    "score",
    "interval_low",
    "interval_high",
    "noise_hu",
    "outside",
    "warnings",
)
ADDED = (
    *slice_columns("number", "sop_instance_uid", "processed", "raw_score"),
    *(column for column in MEASURES if column.name in ("ctdivol_mgy", *DIFFERENCES)),
)
COLUMNS = (
    *(f"{column.name}_{side}" for side in SIDES for column in OF_A_SLICE),
    "difference",
    "noise_difference_hu",
    *(f"{column.name}_{side}" for side in SIDES for column in ADDED),
)


def write_comparison(run: PairedRun, folder: Path, *, identify: bool = False) -> list[Problem]:
    """Write ``compare.csv``, ``compare.json`` and ``compare.html``, each whole or not at all.

    Parameters
    ----------
    identify : name series and files on the page too, which may name a patient.

    Returns
    -------
    The files that could not be written, with the reason.
    """
    writers: dict[Path, Callable[[Path], object]] = {
        folder / "compare.csv": lambda path: write_pairs(path, run),
        folder / "compare.json": lambda path: write_json(path, comparison_record(run)),
        folder / "compare.html": lambda path: write_html(path, run, identify=identify),
    }
    return unwritten(write_files(writers))


def write_pairs(path: Path, run: PairedRun) -> None:
    """Write one row a pair of slices: columns of A end in ``_a``, those of B in ``_b``, as in
    ``scores.csv``; then B minus A. What is not known is empty. A slice without a partner has a row
    of its own.
    """
    write_table(path, COLUMNS, pair_rows(run))


def pair_rows(run: PairedRun) -> Iterator[dict[str, Any]]:
    """Give the rows of ``compare.csv``."""
    first, second = run.unmatched
    return chain(
        (_row(pair.first, pair.second, pair) for pair in run.slices),
        (_row(slice_, None, None) for slice_ in first),
        (_row(None, slice_, None) for slice_ in second),
    )


def comparison_record(run: PairedRun) -> dict[str, Any]:
    """The content of ``compare.json``: inputs, statistics, pairs, and what has no partner."""
    config, found = run.first.model, quantities(run)
    first, second = run.unmatched
    return {
        "distiliqa": __version__,
        "model": model_facts(config),
        "settings": settings(config) | {"match": run.match},
        "a": _input(run.first, first),
        "b": _input(run.second, second),
        "complete": run.complete,
        "notes": list(run.notes),
        "b_minus_a": {
            "score": _statistics(run.score),
            "noise_hu": None if run.noise is None else _statistics(run.noise),
            **{name: _statistics(value) for name, value in found.differences.items()},
        },
        "b_over_a": {
            "noise_hu": _ratio(found.noise),
            "implied_dose": _ratio(found.implied_dose),
            **{name: _ratio(value) for name, value in found.doses.items()},
        },
        "texture_changed": found.texture_changed,
        "patients": run.patients,
        "findings": list(findings(run, found)),
        "series": [
            {
                "a": pair.first,
                "b": pair.second,
                "slices": [_row(both.first, both.second, both) for both in pair.slices],
            }
            for pair in run.series
        ],
    }


def _input(run: ScoringRun, unmatched: Sequence[SliceScore]) -> dict[str, Any]:
    return {
        "input": run.inputs[0],
        "scored": len(run.slices),
        "unmatched": [row_of(slice_columns("path", "slice"), slice_) for slice_ in unmatched],
        "failed": [problem._asdict() for problem in run.failed],
        "left_out": [problem._asdict() for problem in run.left_out],
        "sha256": run.all_sha256,
    }


def _statistics(found: Difference) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(found).items()}


def _ratio(found: Ratio | None) -> dict[str, Any] | None:
    return None if found is None else {name: _plain(value) for name, value in asdict(found).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    return round(value, DIGITS) if isinstance(value, float) and abs(value) > 1e-3 else value


def _row(
    first: SliceScore | None, second: SliceScore | None, pair: ScorePair | None
) -> dict[str, Any]:
    row = _sides(OF_A_SLICE, first, second)
    if pair is not None:
        row |= {"difference": pair.difference, "noise_difference_hu": pair.noise_difference}
    row |= _sides(ADDED, first, second)
    return {name: _plain(value) for name, value in row.items()}


def _sides(
    columns: Sequence[Column], first: SliceScore | None, second: SliceScore | None
) -> dict[str, Any]:
    """The facts of both slices; None for one that is not there."""
    return {
        f"{column.name}_{side}": None if slice_ is None else column.value(slice_)
        for side, slice_ in zip(SIDES, (first, second), strict=True)
        for column in columns
    }
