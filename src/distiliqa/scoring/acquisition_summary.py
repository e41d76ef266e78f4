"""Acquisition facts of several slices, summed up."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields
from statistics import fmean
from typing import Any, NamedTuple

from distiliqa.ct import Acquisition

# Quantities that a scanner adapts from slice to slice; the other facts are settings.
MEASURED = ("tube_current_ma", "exposure_mas", "ctdivol_mgy")
MAX_NAMED = 3  # of mixed words


class Variation(NamedTuple):
    """A number that is not the same in all slices; ``mean`` is over those that state it."""

    mean: float
    low: float
    high: float


def summary(acquisitions: Iterable[Acquisition]) -> Acquisition:
    """Sum up the acquisition facts of slices.

    Facts of dose are means over the slices that state them. A setting is kept if all slices that
    state it agree. If they do not, a number becomes None, as the mean of 80 and 120 kV is no tube
    voltage, and a text lists the values that are mixed.
    """
    made = list(acquisitions)
    return Acquisition(**{fact.name: _summed(made, fact.name) for fact in fields(Acquisition)})


def variations(acquisitions: Iterable[Acquisition]) -> dict[str, Variation]:
    """Mean, lowest and highest of each number of `Acquisition` that varies, by its name."""
    made = list(acquisitions)
    found = {}
    for fact in fields(Acquisition):
        numbers = [value for value in _stated(made, fact.name) if isinstance(value, float | int)]
        if numbers and min(numbers) < max(numbers):
            found[fact.name] = Variation(fmean(numbers), min(numbers), max(numbers))
    return found


def _summed(made: Sequence[Acquisition], name: str) -> Any:
    stated = _stated(made, name)
    kinds = list(dict.fromkeys(stated))
    if len(kinds) < 2:
        return kinds[0] if kinds else None
    if name in MEASURED:
        return fmean(stated)
    if all(isinstance(kind, str) for kind in kinds):
        more = f" and {len(kinds) - MAX_NAMED} more" if len(kinds) > MAX_NAMED else ""
        return f"mixed: {', '.join(kinds[:MAX_NAMED])}{more}"
    return None


def _stated(made: Sequence[Acquisition], name: str) -> list[Any]:
    return [value for one in made if (value := getattr(one, name)) is not None]
