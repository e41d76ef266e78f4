"""Slices and scores that tests make up: facts of the slice and fields of its score by keyword."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TypeVar

from numpy.typing import NDArray

from distiliqa.ct import SOFT_TISSUE, CTSlice, SliceInfo
from distiliqa.scoring.slice_score import SliceScore

FACTS = {field.name for field in fields(SliceInfo)} - {"warnings"}
Held = TypeVar("Held", CTSlice, SliceScore)


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
