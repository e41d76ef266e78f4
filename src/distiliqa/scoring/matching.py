"""Match slices that show the same place of a patient, by position or by name."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Generic, Protocol, TypeVar

import numpy as np

from distiliqa.ct import CTSlice, SliceInfo
from distiliqa.errors import DistiliqaError

MAX_MM = 2.5  # half of the thickest usual slice: a series with gaps is not matched across them
SAME_MM = 1e-3
# Remedy where slices of one scan name different patients.
ONE_PATIENT_ID = "if it is one scan under two pseudonyms, give both one Patient ID (0010,0020)"


class Placed(Protocol):
    """A slice, scored or not: `distiliqa.ct.SliceInfo`, `CTSlice` or `SliceScore`."""

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def frame(self) -> int: ...  # noqa: D102
    @property
    def position_mm(self) -> float | None: ...  # noqa: D102


T = TypeVar("T", bound=Placed)


class Names(Generic[T]):
    """Slices by file name and frame. A name that occurs twice matches nothing."""

    def __init__(self, slices: Iterable[T]) -> None:
        slices = tuple(slices)
        counts = Counter(map(_name, slices))
        self._named = {_name(slice_): slice_ for slice_ in slices if counts[_name(slice_)] == 1}

    def find(self, one: Placed) -> T | None:
        """The slice with the name of ``one``."""
        return self._named.get(_name(one))


class Places(Generic[T]):
    """The slices of one series by their position along the normal.

    Parameters
    ----------
    slices : Iterable[T]
        Slices of one series.
    path : str or Path
        The series, for errors.

    Attributes
    ----------
    known : whether the position of any slice is known.

    Raises
    ------
    DistiliqaError
        Several slices lie at one position.
    """

    def __init__(self, slices: Iterable[T], path: str | Path) -> None:
        placed = [
            (slice_.position_mm, slice_) for slice_ in slices if slice_.position_mm is not None
        ]
        self._placed = sorted(placed, key=lambda placed: placed[0])
        gaps = [after - before for (before, _), (after, _) in pairwise(self._placed)]
        if min(gaps, default=1.0) < SAME_MM:
            raise DistiliqaError(
                "holds several slices at one position", path=path, remedy="give one volume"
            )
        self._reach_mm = min([gap / 2 for gap in gaps] + [MAX_MM])
        self.known = bool(placed)

    def find(self, one: Placed) -> T | None:
        """The slice nearest to ``one`` within half a slice spacing, at most 2.5 mm."""
        position = one.position_mm
        if position is None or not self.known:
            return None
        at = bisect_left(self._placed, position, key=lambda placed: placed[0])
        near = self._placed[max(at - 1, 0) : at + 1]
        distances = [(abs(here - position), slice_) for here, slice_ in near]
        distance, found = min(distances, key=lambda placed: placed[0])
        return found if distance <= self._reach_mm else None


def are_of_two_patients(slices: Iterable[CTSlice | SliceInfo]) -> bool:
    """Whether headers name more than one patient. A slice that names none may be of any."""
    return len({slice_.patient_id for slice_ in slices} - {None}) > 1


def unlike_geometry(one: CTSlice | SliceInfo, other: CTSlice | SliceInfo) -> str | None:
    """Describe how the grid of ``other`` differs, as "64 x 64 pixels, not 512 x 512".

    None where both have one matrix and one spacing, or a spacing is not known.
    """
    size, found = one.shape, other.shape
    if size is not None and found is not None and size != found:
        return f"{_sides(found)} pixels, not {_sides(size)}"
    pixel, spacing = one.spacing_mm, other.spacing_mm
    if pixel and spacing and not np.allclose(pixel, spacing, rtol=1e-3, atol=0):
        return f"pixels of {_sides(spacing)} mm, not {_sides(pixel)}"
    return None


def _sides(sides: Iterable[float]) -> str:
    return " x ".join(f"{side:g}" for side in sides)


def _name(one: Placed) -> tuple[str, int]:
    return Path(one.path).name, one.frame
