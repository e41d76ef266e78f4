"""``run.json``: the record of a scoring run, enough to repeat and to question it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from distiliqa.report.environment import environment
from distiliqa.report.json import model_facts, settings
from distiliqa.scoring.result import ScoringRun


def run_record(run: ScoringRun) -> dict[str, Any]:
    """The content of ``run.json``: software, model, settings, input hashes, timings, errors."""
    return {
        **environment(),
        "model": model_facts(run.model),
        "settings": settings(run.model)
        | {
            "inputs": list(run.inputs),
            "reference": run.reference,
            "count_outside": run.count_outside,
            "execution": asdict(run.execution),
        },
        "slices": {"found": run.found, "scored": len(run.slices)},
        "stopped": None if run.stopped is None else str(run.stopped) or "interrupted",
        "errors": [each._asdict() for each in run.failed],
        "left_out": [each._asdict() for each in run.left_out],
        "seconds": {name: round(value, 3) for name, value in run.seconds.items()},
        "sha256": run.sha256,
    }
