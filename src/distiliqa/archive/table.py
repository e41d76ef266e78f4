"""The table of results: one row for a slice, or for a file without any."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from distiliqa.ct import Problem
from distiliqa.report.columns import BESIDES, COMPARED, FACTS, SCORES_CSV, row_of
from distiliqa.scoring.slice_score import SliceScore

SCORED, FAILED, LEFT_OUT = "scored", "failed", "left out"

# An archive has no reference, and is scored in any order: a slice has no number in its series.
_NOT_HERE = {*(column.name for column in COMPARED), "number"}
_OF_A_SLICE = [column for column in (*SCORES_CSV, *BESIDES) if column.name not in _NOT_HERE]
_TYPES = {
    column.name: pa.string() if column.digits is None else pa.float64() for column in _OF_A_SLICE
} | {"counts_as_processed": pa.bool_()}

COLUMNS: dict[str, pa.DataType] = {
    "path": pa.string(),
    "slice": pa.int32(),
    "state": pa.string(),
    "reason": pa.string(),
    "series": pa.string(),
    "position_mm": pa.float64(),
    "score": pa.float64(),
    "outputs": pa.list_(pa.float32()),
    "spread": pa.float64(),
    "interval_low": pa.float64(),
    "interval_high": pa.float64(),
    "distance": pa.float64(),
    "outside": pa.bool_(),
    "empty": pa.bool_(),
    "noise_hu": pa.float64(),
    "warnings": pa.list_(pa.string()),
    **{column.name: _TYPES[column.name] for column in FACTS},
    "sha256": pa.string(),
    "size": pa.int64(),
    "modified_ns": pa.int64(),
    "model": pa.string(),
    "model_sha256": pa.string(),
    "distiliqa": pa.string(),
}
COLUMNS |= {name: kind for name, kind in _TYPES.items() if name not in COLUMNS}  # the newest last


def schema(carried: tuple[str, ...]) -> pa.Schema:
    """The columns of the results, then those of manifests, as text."""
    return pa.schema([*COLUMNS.items(), *((name, pa.string()) for name in carried)])


def scored_row(score: SliceScore) -> dict[str, Any]:
    """The row of a slice, with numbers that are not rounded."""
    return {"state": SCORED, **row_of(_OF_A_SLICE, score)}


def problem_row(problem: Problem, state: str, frame: int | None = None) -> dict[str, Any]:
    """The row of a file without a score, or of one slice of it."""
    return {"path": problem.path, "slice": frame, "state": state, "reason": problem.reason}
