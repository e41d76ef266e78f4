"""Where the slices of a series lie, to find the one that shows the same place of a patient."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from distiliqa.errors import DistiliqaError

MOST_MM = 2.5  # half of the thickest usual slice: a series with gaps is not matched across them
SAME_MM = 1e-3


class Placed(Protocol):
    """A slice, scored or not: `distiliqa.ct.SliceRef`, `CTSlice` or `SliceScore`."""

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def frame(self) -> int: ...  # noqa: D102
    @property
    def position_mm(self) -> float | None: ...  # noqa: D102


T = TypeVar("T", bound=Placed)


class Places(Generic[T]):
    """The slices of one series by their position along the normal, and by their file name.

    Parameters
    ----------
    slices : of one series.
    path : what an error names.

    Attributes
    ----------
    has_positions : whether the position of any slice is known.

    Raises
    ------
    DistiliqaError : several slices lie at one position.
    """

    def __init__(self, slices: Iterable[T], path: str | Path) -> None:
        slices = tuple(slices)
        placed = [(each.position_mm, each) for each in slices if each.position_mm is not None]
        self._placed = sorted(placed, key=lambda each: each[0])
        gaps = [after - before for (before, _), (after, _) in pairwise(self._placed)]
        if min(gaps, default=1.0) < SAME_MM:
            raise DistiliqaError(
                "holds several slices at one position", path=path, remedy="give one volume"
            )
        self._reach_mm = min([gap / 2 for gap in gaps] + [MOST_MM])
        names = Counter(map(_name, slices))
        self._named = {_name(each): each for each in slices if names[_name(each)] == 1}
        self.has_positions = bool(placed)

    def find(self, one: Placed) -> T | None:
        """The slice at the place of ``one``: by position, by name where positions are unknown."""
        if one.position_mm is None or not self.has_positions:
            return self.named_as(one)
        return self.nearest(one.position_mm)

    def nearest(self, position_mm: float) -> T | None:
        """The nearest slice within half a slice spacing, at most 2.5 mm; some have positions."""
        at = bisect_left(self._placed, position_mm, key=lambda each: each[0])
        near = [
            (abs(here - position_mm), each) for here, each in self._placed[max(at - 1, 0) :][:2]
        ]
        distance, found = min(near, key=lambda each: each[0], default=(float("inf"), None))
        return found if distance <= self._reach_mm else None

    def named_as(self, one: Placed) -> T | None:
        """The slice with the file name, and the place in its file, of ``one``; names are unique."""
        return self._named.get(_name(one))


def _name(one: Placed) -> tuple[str, int]:
    return Path(one.path).name, one.frame
