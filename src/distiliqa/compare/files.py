"""``compare.csv``, one row a pair of slices, and ``compare.json``, all of a comparison."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from distiliqa.compare.run import PairedRun, ScorePair
from distiliqa.report.csv import cells, open_csv
from distiliqa.report.json import model_facts, settings
from distiliqa.scoring.result import ScoringRun, SliceScore
from distiliqa.statistics.paired_difference import Difference
from distiliqa.version import __version__

DIGITS = 6
SIDES = ("a", "b")
OF_A_SLICE = (
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
COLUMNS = (
    *(f"{name}_{side}" for side in SIDES for name in OF_A_SLICE),
    "difference",
    "noise_difference_hu",
)


def write_pairs(path: Path, run: PairedRun) -> None:
    """Write one row a pair of slices: columns of A end in ``_a``, those of B in ``_b``, as in
    ``scores.csv``; then B minus A. What is not known is empty. A slice without a partner has a row
    of its own.
    """
    with open_csv(path) as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(cells(_row(pair.first, pair.second, pair)) for pair in run.slices)
        first, second = run.unmatched
        writer.writerows(cells(_row(each, None, None)) for each in first)
        writer.writerows(cells(_row(None, each, None)) for each in second)


def comparison_record(run: PairedRun) -> dict[str, Any]:
    """The content of ``compare.json``: inputs, statistics, pairs, and what has no partner."""
    config = run.first.model
    first, second = run.unmatched
    return {
        "distiliqa": __version__,
        "model": model_facts(config),
        "settings": settings(config),
        "a": _input(run.first, first),
        "b": _input(run.second, second),
        "complete": run.complete,
        "notes": list(run.notes),
        "b_minus_a": {
            "score": _statistics(run.score),
            "noise_hu": None if run.noise is None else _statistics(run.noise),
        },
        "series": [
            {
                "a": pair.first,
                "b": pair.second,
                "slices": [_row(each.first, each.second, each) for each in pair.slices],
            }
            for pair in run.series
        ],
    }


def _input(run: ScoringRun, unmatched: Sequence[SliceScore]) -> dict[str, Any]:
    return {
        "input": run.inputs[0],
        "scored": len(run.slices),
        "unmatched": [{"path": each.path, "slice": each.frame} for each in unmatched],
        "failed": [each._asdict() for each in run.failed],
        "left_out": [each._asdict() for each in run.left_out],
        "sha256": run.sha256,
    }


def _statistics(found: Difference) -> dict[str, Any]:
    return {name: _plain(value) for name, value in asdict(found).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return round(value, DIGITS) if isinstance(value, float) and abs(value) > 1e-3 else value


def _row(
    first: SliceScore | None, second: SliceScore | None, pair: ScorePair | None
) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for side, each in zip(SIDES, (first, second), strict=True):
        values = [None] * len(OF_A_SLICE) if each is None else _slice(each)
        row |= {f"{name}_{side}": value for name, value in zip(OF_A_SLICE, values, strict=True)}
    if pair is not None:
        row |= {"difference": pair.difference, "noise_difference_hu": pair.noise_difference}
    return {name: _plain(value) for name, value in row.items()}


def _slice(each: SliceScore) -> list[Any]:
    low, high = each.interval or (None, None)
    return [
        each.path,
        each.frame,
        each.series,
        each.position_mm,
        each.score,
        low,
        high,
        each.noise_hu,
        each.outside,
        "; ".join(each.warnings),
    ]
