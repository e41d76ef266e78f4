"""Slices and scores that tests make up: facts of the slice and fields of its score by keyword."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, TypeVar

from numpy.typing import NDArray

from distiliqa.ct import SOFT_TISSUE, CTSlice, Identification, SliceInfo
from distiliqa.models.config import ModelConfig
from distiliqa.models.processed import ProcessedCalibration
from distiliqa.models.score_map import ScoreMap
from distiliqa.models.score_scale import ScoreScale
from distiliqa.models.seen_faults import Ladder
from distiliqa.scoring.slice_score import SliceScore

FACTS = {field.name for field in fields(SliceInfo)} - {"warnings"}
# What names a scan, and may name a patient.
SECRETS = Identification(
    "2019-02-03", "10:22:31", "=Liver", "Jane Doe follow-up", 4, "CT-ROOM-9", "ACC77"
)
Held = TypeVar("Held", CTSlice, SliceScore)

# What an export writes of a network with the output ``processed``, and its check.
SEES = (
    "On simulated faults, the score orders at least 9 of 10 pairs rightly for noise; "
    "fewer than 7 of 10 for lost <contrast>."
)
CALIBRATED: dict[str, Any] = {
    "processed": True,
    "processed_calibration": ProcessedCalibration(0.5, held_back=0.4, widened=1.0),
    "ladders": (
        Ladder("noise", "HU", (0.0, 20.0), (4.0, 2.5), (3.9, 2.25), 1.0, pairs=8),
        Ladder("lost <contrast>", "", (1.0, 0.5), (4.0, 2.0), (3.9, 3.8), 0.5, pairs=8),
    ),
}


def mapped(config: ModelConfig) -> ModelConfig:
    """A model with the network of another, and scores from 0 to 100 of which lower is better."""
    score_map = ScoreMap(config.scale, 4.0, -2.0, 40, 12, 2, "0" * 64, 0.1, 0.2, 0.3)
    scale = ScoreScale(0.0, 100.0, "disturbance", higher_is_better=False)
    return replace(config, name="site", version="9", scale=scale, score_map=score_map)


def with_facts(held: Held, **facts: object) -> Held:
    """The slice or score with other facts of the slice."""
    return replace(held, info=replace(held.info, **facts))


def made_slice(hu: NDArray, path: str = "", **facts: object) -> CTSlice:
    """A slice with the facts given."""
    warnings = facts.pop("warnings", ())
    return CTSlice(hu, SliceInfo(path, **facts), warnings)


def made_score(score: float = 1.0, **given: object) -> SliceScore:
    """A score of a slice with the facts given; the other keywords are fields of the score."""
    facts = {name: given.pop(name) for name in FACTS & given.keys()}
    own = {"outputs": (score,), "spread": None, "warnings": (), "model": "m 1"}
    info = SliceInfo(**facts)
    return SliceScore(score, **({**own, "window": SOFT_TISSUE, "info": info} | given))
