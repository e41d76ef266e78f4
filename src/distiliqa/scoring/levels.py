"""Levels of a site: the range that noise, score, sharpness and dose of a protocol should be in.

A CSV file has one range a line. Nothing is shipped as a standard.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from distiliqa.errors import DistiliqaError, quoted
from distiliqa.files import sha256
from distiliqa.foreign_text import read_csv
from distiliqa.scoring.protocol_rules import STANDARD_NAME

_MEASURE, _LOW, _HIGH = "measure", "low", "high"
_COLUMNS = (STANDARD_NAME, _MEASURE, _LOW, _HIGH)
# Measures that may have a range, by their columns in ``series.csv``.
LEVEL_MEASURES = ("score_mean", "noise_hu", "mtf50_per_mm", "ssde_mgy")


class Range(NamedTuple):
    """Lowest and highest value that are in range; None where there is no such limit."""

    low: float | None
    high: float | None


Limits = Mapping[str, Range]  # by measure


@dataclass(frozen=True)
class Levels:
    """A table of levels.

    Attributes
    ----------
    path : str
        Its file.
    limits : dict[str, dict[str, Range]]
        The range of each measure, by standard name.
    sha256 : str or None
        SHA-256 of the file; None where it was not read from one.
    """

    path: str
    limits: Mapping[str, Limits]
    sha256: str | None = None

    def of(self, standard_name: str | None) -> Limits:
        """The ranges of a standard name; empty where the table has none."""
        return {} if standard_name is None else self.limits.get(standard_name, {})


def read_levels(path: Path) -> Levels:
    """Read levels from a CSV file.

    Parameters
    ----------
    path : Path
        Its first line names the columns ``standard_name``, ``measure``, ``low`` and ``high``.
        ``measure`` is one of `LEVEL_MEASURES`. A limit that is empty is none. Lines that are empty
        throughout are skipped.

    Raises
    ------
    DistiliqaError
        The file cannot be read, has other columns or no level; or a line has no name, an unknown
        measure, no number, no limit, a low limit above the high one, or repeats another.
    """
    columns, lines = read_csv(path)
    if sorted(columns) != sorted(_COLUMNS):
        raise DistiliqaError(
            f"the first line names the columns {quoted(', '.join(columns))}",
            path=path,
            remedy=f"name {', '.join(_COLUMNS)}",
        )
    limits = _limits(lines, path)
    if not limits:
        raise DistiliqaError("holds no level", path=path, remedy="write one range a line")
    return Levels(str(path), limits, sha256(path))


def _limits(lines: Iterable[tuple[int, dict[str, str]]], path: Path) -> dict[str, dict[str, Range]]:
    limits: dict[str, dict[str, Range]] = {}
    for line, row in lines:
        cells = [row[column].strip() for column in _COLUMNS]
        if not any(cells):
            continue
        try:
            name, measure, found = _level(cells)
            if measure in limits.get(name, {}):
                raise ValueError(f"a second range of {measure} for {quoted(name)}")
        except ValueError as error:
            raise DistiliqaError(
                f"line {line}: {error}",
                path=path,
                remedy="write a standard name, a measure, and numbers such as 12.5",
            ) from error
        limits.setdefault(name, {})[measure] = found
    return limits


def _level(cells: Sequence[str]) -> tuple[str, str, Range]:
    """Name, measure and range of a line. Raises `ValueError` with what is wrong."""
    name, measure, low, high = cells
    if not name:
        raise ValueError("no standard name")
    if measure not in LEVEL_MEASURES:
        raise ValueError(f"{quoted(measure)} is none of the measures {', '.join(LEVEL_MEASURES)}")
    found = Range(_limit(low), _limit(high))
    if found.low is None and found.high is None:
        raise ValueError("no limit")
    if found.low is not None and found.high is not None and found.low > found.high:
        raise ValueError(f"the low limit {found.low:g} is above the high limit {found.high:g}")
    return name, measure, found


def _limit(cell: str) -> float | None:
    if not cell:
        return None
    try:
        number = float(cell)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError(f"{quoted(cell)} is no number")
    return number
