"""The table of results: one row a slice, or a file that gave none."""

from __future__ import annotations

from dataclasses import asdict, fields
from typing import Any

import pyarrow as pa

from distiliqa.ct import Acquisition, Problem
from distiliqa.scoring.result import SliceScore

SCORED, FAILED, LEFT_OUT = "scored", "failed", "left out"

_FACTS = {
    each.name: pa.float64() if "float" in each.type else pa.string() for each in fields(Acquisition)
}

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
    **_FACTS,
    "sha256": pa.string(),
    "size": pa.int64(),
    "modified_ns": pa.int64(),
    "model": pa.string(),
    "model_sha256": pa.string(),
    "distiliqa": pa.string(),
}


def schema(carried: tuple[str, ...]) -> pa.Schema:
    """The columns of the results, then those that manifests carry along, as text."""
    return pa.schema([*COLUMNS.items(), *((name, pa.string()) for name in carried)])


def scored_row(score: SliceScore) -> dict[str, Any]:
    """The row of a slice; numbers are as the model gave them, not rounded."""
    return {
        "path": score.path,
        "slice": score.frame,
        "state": SCORED,
        "series": score.series,
        **score.figures,
        "outputs": score.outputs,
        "outside": score.outside,
        "empty": score.empty,
        "warnings": score.warnings,
        **asdict(score.acquisition),
        "model": score.model,
    }


def problem_row(problem: Problem, state: str, frame: int | None = None) -> dict[str, Any]:
    """The row of a file that gave no score, or of one slice of it."""
    return {"path": problem.path, "slice": frame, "state": state, "reason": problem.reason}
