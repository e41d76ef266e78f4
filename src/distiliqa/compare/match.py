"""Which slice of one series shows the place of a slice of another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeVar

from distiliqa.errors import DistiliqaError
from distiliqa.scoring.matching import Names, Placed, Places

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
                "tells no slice positions", path=path, remedy="use --match name or order"
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
