"""Series and slices of two inputs that belong together."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from distiliqa.ct import SliceInfo
from distiliqa.errors import DistiliqaError
from distiliqa.report.formatting import slice_count
from distiliqa.scoring.inputs import Found
from distiliqa.scoring.matching import Names, Placed, Places

MAX_NAMED = 6


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
        count = slice_count(len(self.slices))
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

    One series on each side is one pair. Of several, two are a pair if no other series shares their
    key. Keys are the series UID, the place in the input, the geometry, and geometry with protocol.
    The key that gives most pairs is used.

    Raises
    ------
    DistiliqaError : none of these pairs any; it names the series.
    """
    if len(first) == len(second) == 1:
        return [(first[0], second[0])]
    evidence: tuple[Callable[[InputSeries], Hashable], ...] = (
        lambda series: series.name,
        lambda series: series.folder,
        lambda series: series.geometry,
        lambda series: series.protocol,
    )
    found: list[tuple[InputSeries, InputSeries]] = []
    for key in evidence:
        pairs = _pairs(first, second, key)
        if len(pairs) > len(found):
            found = pairs
        if len(found) == min(len(first), len(second)):
            return found
    if not found:
        raise DistiliqaError(
            f"holds {_named(first)}; {second[0].root} holds {_named(second)}: "
            "nothing shows which belong together",
            path=first[0].root,
            remedy="give the folder of one series on each side",
        )
    return found


def _pairs(
    first: list[InputSeries],
    second: list[InputSeries],
    key_of: Callable[[InputSeries], Hashable],
) -> list[tuple[InputSeries, InputSeries]]:
    sides = []
    for side in (first, second):
        keys = [key_of(series) for series in side]
        counts = Counter(keys)
        pairs = zip(keys, side, strict=True)
        sides.append({key: series for key, series in pairs if counts[key] == 1})
    one, other = sides
    return [(series, other[key]) for key, series in one.items() if key in other]


def _named(series: list[InputSeries]) -> str:
    names = list(map(str, series[:MAX_NAMED]))
    more = [f"{len(series) - MAX_NAMED} more"] if len(series) > MAX_NAMED else []
    return f"{len(series)} series, {', '.join(names + more)}"


Match = Literal["position", "name", "order"]
T = TypeVar("T", bound=Placed)


def match_slices(
    first: Sequence[T], second: Sequence[T], match: Match | None, paths: tuple[str, str]
) -> list[tuple[T, T]]:
    """Pair slices of two series, each with at most one of the other, in the order of the first.

    Parameters
    ----------
    match : ``position`` along the normal, within half a slice spacing, each the nearest of the
        other; file ``name``; or ``order``. None is by position, by name where no position is known.
    paths : what errors name.

    Raises
    ------
    DistiliqaError : a series has no positions, several slices at one, or another number of slices.
    """
    if match == "order":
        _require_equal_count(first, second, paths)
        return list(zip(first, second, strict=True))
    if match != "name":
        there, back = Places(second, paths[1]), Places(first, paths[0])
        if there.known and back.known:
            return _mutual(first, there, back)
        if match == "position":
            path = paths[0] if there.known else paths[1]
            raise DistiliqaError(
                "has no slice positions", path=path, remedy="use --match name or order"
            )
    return _mutual(first, Names(second), Names(first))


def _mutual(
    first: Sequence[T], there: Names[T] | Places[T], back: Names[T] | Places[T]
) -> list[tuple[T, T]]:
    found = ((one, there.find(one)) for one in first)
    return [(one, other) for one, other in found if other is not None and back.find(other) is one]


def _require_equal_count(first: Sequence[T], second: Sequence[T], paths: tuple[str, str]) -> None:
    if len(first) != len(second):
        raise DistiliqaError(
            f"holds {len(second)} against the {len(first)} slices of {paths[0]}: their order "
            "does not pair them",
            path=paths[1],
            remedy="use --match position or name",
        )
