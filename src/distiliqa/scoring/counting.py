"""Which slices count for the numbers of a series: one rule for every sum that is made of slices."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

Item = TypeVar("Item")


def counted(items: Iterable[Item], tier: Callable[[Item], int]) -> tuple[Item, ...]:
    """Return the items of the lowest tier that any of them has, in their order.

    Slices that the model knows count alone where there are any. Else those out of domain count,
    and images without a patient, which get the worst score of the scale, only where there is
    nothing else.

    Parameters
    ----------
    tier : 0 for a slice that the model knows, 1 for one out of domain, 2 for one without a
        patient, see `distiliqa.scoring.result.SliceScore.tier`.
    """
    items = tuple(items)
    lowest = min(map(tier, items), default=0)
    return tuple(item for item in items if tier(item) == lowest)
