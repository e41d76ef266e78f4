"""Ladders of dose and of views, made of every normal-dose slice of the held-out patients."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from distiliqa.scoring.slice_score import SliceScore
from distiliqa.simulate.degradation import Degradation
from distiliqa.simulate.versions import simulated
from tools.model_check.acceptance import Row, Section
from tools.model_check.baseline import ranking_rows
from tools.model_check.subject import Subject

RANKED = 0.95
LADDERS = {
    "dose": [Degradation(dose=dose) for dose in (1.0, 0.75, 0.5, 0.25, 0.1, 0.05)],
    "views": [Degradation(views=views) for views in (720, 360, 180, 90)],
}


def ladders(subject: Subject) -> Section:
    figures: list[Row] = []
    steps: list[Row] = []
    for name, rungs in LADDERS.items():
        slices = (shown for ct in subject.held_out for shown in simulated(ct, rungs))
        scored = subject.score(slices, f"ladder of {name}", len(subject.held_out) * len(rungs))
        starts = range(0, len(scored), len(rungs))
        ladder = [scored[start : start + len(rungs)] for start in starts]
        figures += ranking_rows(f"{name}, pairs ranked right", ladder, at_least=RANKED)
        steps += _steps(name, rungs, ladder)
    about = (
        "Every normal-dose slice of the held-out patients, simulated; n counts the pairs within a "
        "slice. Views are those at full dose a view: fewer are noisier too."
    )
    return Section("Ladders of dose and views", about, (figures, steps))


def _steps(
    name: str, rungs: Sequence[Degradation], ladder: Sequence[Sequence[SliceScore]]
) -> list[Row]:
    """Mean score and mean GNL of each rung."""
    rows = []
    for rung, step in zip(rungs, zip(*ladder, strict=True), strict=True):
        noise = [score.noise_hu for score in step if score.noise_hu is not None]
        rows.append(
            {
                "rung": f"{name} {getattr(rung, name):g}",
                "n": len(step),
                "mean score": fmean(score.score for score in step),
                "mean GNL, HU": fmean(noise) if noise else None,
            }
        )
    return rows
