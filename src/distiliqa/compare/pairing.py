"""Which series of one input belongs to which of another."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from distiliqa.ct import SliceInfo
from distiliqa.errors import DistiliqaError
from distiliqa.scoring.inputs import Found

MOST_NAMED = 6


@dataclass(frozen=True)
class InputSeries:
    """One series of an input, not yet decoded.

    Attributes
    ----------
    root : the input that holds it.
    slices : in reading order.
    """

    root: str
    slices: tuple[SliceInfo, ...]

    @property
    def name(self) -> str:
        """The series instance UID, or the file or folder that stands for it."""
        return self.slices[0].series

    @property
    def folder(self) -> str:
        """Where it lies inside the input."""
        return os.path.relpath(Path(self.slices[0].path).parent, self.root)

    @property
    def geometry(self) -> Hashable:
        """Matrix, pixel spacing, and where the slices begin and end."""
        first, last = self.slices[0], self.slices[-1]
        ends = (first.position_mm, last.position_mm)
        lengths = (*(first.spacing_mm or ()), *(end for end in ends if end is not None))
        return (first.shape, len(self.slices), *(round(length, 2) for length in lengths))

    @property
    def protocol(self) -> Hashable:
        """Geometry, tube voltage, kernel and body part."""
        made = self.slices[0].acquisition
        return (self.geometry, made.kvp, made.kernel, made.body_part)

    def __str__(self) -> str:
        kernel = self.slices[0].acquisition.kernel
        count = "1 slice" if len(self.slices) == 1 else f"{len(self.slices)} slices"
        return f"{self.folder} ({count}{f', {kernel}' if kernel else ''})"


def series_of(found: Found) -> list[InputSeries]:
    """The series of an input, in reading order."""
    groups: dict[str, list[SliceInfo]] = {}
    for info in found.index.slices:
        groups.setdefault(info.series, []).append(info)
    return [InputSeries(found.inputs[0], tuple(slices)) for slices in groups.values()]


def pair_series(
    first: list[InputSeries], second: list[InputSeries]
) -> list[tuple[InputSeries, InputSeries]]:
    """Pair the series of two inputs.

    One and one belong together. Of several, those do that alone on each side share the series UID,
    or their place in the input, or their geometry, or geometry and protocol: whichever of these
    pairs most.

    Raises
    ------
    DistiliqaError : none of these pairs any; it names the series.
    """
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    evidence: tuple[Callable[[InputSeries], Hashable], ...] = (
        lambda each: each.name,
        lambda each: each.folder,
        lambda each: each.geometry,
        lambda each: each.protocol,
    )
    found: list[tuple[InputSeries, InputSeries]] = []
    for tells in evidence:
        pairs = _pairs(first, second, tells)
        if len(pairs) > len(found):
            found = pairs
        if len(found) == min(len(first), len(second)):
            return found
    if not found:
        raise DistiliqaError(
            f"holds {_named(first)}; {second[0].root} holds {_named(second)}: "
            "nothing tells which belong together",
            path=first[0].root,
            remedy="give the folder of one series on each side",
        )
    return found


def _pairs(
    first: list[InputSeries],
    second: list[InputSeries],
    tells: Callable[[InputSeries], Hashable],
) -> list[tuple[InputSeries, InputSeries]]:
    sides = []
    for side in (first, second):
        keys = [tells(each) for each in side]
        counts = Counter(keys)
        pairs = zip(keys, side, strict=True)
        sides.append({key: each for key, each in pairs if counts[key] == 1})
    one, other = sides
    return [(each, other[key]) for key, each in one.items() if key in other]


def _named(series: list[InputSeries]) -> str:
    names = [str(each) for each in series[:MOST_NAMED]]
    more = [f"{len(series) - MOST_NAMED} more"] if len(series) > MOST_NAMED else []
    return f"{len(series)} series, {', '.join(names + more)}"
