"""Ratings of readers: a table of images by readers or attributes, from CSV or JSON.

CSV: the first line names the columns. One of ``image``, ``path``, ``name``, ``file`` and
``sop_instance_uid`` names the images; ``case`` or
``patient``, ``source`` and ``slice`` are facts; every other column is a reader or an attribute.
JSON: an object from a name to a number, or to an object of numbers by reader; or a list of objects
that have the columns of the CSV.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import RecipeError, quoted
from distiliqa.readers.rating_rows import (
    ACCEPTED,
    FACTS,
    Line,
    RatedName,
    Scale,
    plain,
    rated_name,
    rating,
    read_lines,
)

MAX_READERS = 100


@dataclass(frozen=True, eq=False)
class RatingTable:
    """Ratings of n images by k readers, or of k attributes.

    Attributes
    ----------
    path : its file.
    readers : names of the columns.
    rows : the images.
    ratings : (n, k), NaN where a reader did not rate an image.
    unrated : number of rows that nobody rated, which are left out.
    """

    path: Path
    readers: tuple[str, ...]
    rows: tuple[RatedName, ...]
    ratings: NDArray[np.float64]
    unrated: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing, and which reader saw no difference, in one line each."""
        found = []
        if self.unrated:
            found.append(f"{self.unrated} rows without any rating are left out")
        missing = np.isnan(self.ratings).sum(axis=0)
        if missing.any():
            by = zip(self.readers, missing.tolist(), strict=True)
            parts = ", ".join(f"{name} {count}" for name, count in by if count)
            found.append(f"ratings are missing ({parts}): a mean is over those who rated")
        if len(self.readers) > 1:
            found += [
                f"{name} gave all images the same rating, which is no evidence of their quality"
                for name, column in zip(self.readers, self.ratings.T, strict=True)
                if _is_constant(column)
            ]
        return tuple(found)

    def of_readers(self, names: Sequence[str]) -> RatingTable:
        """Keep some columns, in the order given. Raises `RecipeError` on one that is not there."""
        for name in names:
            if name not in self.readers:
                raise RecipeError(
                    f"has no column of ratings {quoted(name)}",
                    path=self.path,
                    remedy=f"choose from {', '.join(self.readers)}",
                )
        if len(set(names)) < len(names):
            raise RecipeError("a column is named twice", path=self.path, remedy="name it once")
        chosen = self.ratings[:, [self.readers.index(name) for name in names]]
        return replace(self, readers=tuple(names), ratings=chosen)._without_unrated()

    def _without_unrated(self) -> RatingTable:
        kept = np.flatnonzero((~np.isnan(self.ratings)).any(axis=1)).tolist()
        if not kept:
            raise RecipeError("holds no ratings", path=self.path, remedy=ACCEPTED)
        rows = tuple(self.rows[at] for at in kept)
        unrated = self.unrated + len(self.rows) - len(kept)
        return replace(self, rows=rows, ratings=self.ratings[kept], unrated=unrated)


def read_table(
    path: Path,
    *,
    readers: Sequence[str] = (),
    scale: Scale | None = None,
    of_first: bool = False,
) -> RatingTable:
    """Read the ratings of a CSV or JSON file.

    Parameters
    ----------
    readers : the columns that hold the ratings; empty for all that are no names or facts.
    scale : lowest and highest rating that may occur.
    of_first : the scale is that of the first reader; others have scales of their own.

    Returns
    -------
    The ratings in the order of the file. Cells that are empty or one of ``- NA N/A NaN None null``
    are missing.

    Raises
    ------
    RecipeError : no ratings, no column of names, a column or an image twice, a cell that is no
        number, a rating outside of the scale.
    DistiliqaError : the file cannot be read.
    """
    columns, lines = read_lines(path)
    named = tuple(readers) or tuple(column for column in columns if plain(column) not in FACTS)
    for name in named:
        if name not in columns:
            raise RecipeError(
                f"has no column {quoted(name)}", path=path, remedy=f"it has {', '.join(columns)}"
            )
    if not named or not lines:
        raise RecipeError("holds no ratings", path=path, remedy=ACCEPTED)
    if len(named) > MAX_READERS:
        raise RecipeError(
            f"has {len(named)} columns of ratings, more than {MAX_READERS}",
            path=path,
            remedy="name those of the readers with --readers",
        )
    rows = tuple(rated_name(line, path) for line in lines)
    _check_unique(rows, lines, path)
    scales = [scale, *[None if of_first else scale] * (len(named) - 1)]
    ratings = [
        [
            rating(line, reader, row.name, own, path)
            for reader, own in zip(named, scales, strict=True)
        ]
        for line, row in zip(lines, rows, strict=True)
    ]
    return RatingTable(path, named, rows, np.array(ratings))._without_unrated()


def _check_unique(rows: Iterable[RatedName], lines: Sequence[Line], path: Path) -> None:
    first: dict[tuple[str, int | None], str] = {}
    for row, line in zip(rows, lines, strict=True):
        key = (row.name, row.frame)
        if key in first:
            raise RecipeError(
                f"{line.place}a second rating of {quoted(row.name)}",
                path=path,
                remedy="keep one of the two, or give each reader a column",
            )
        first[key] = line.place


def _is_constant(ratings: NDArray[np.float64]) -> bool:
    """Whether several images were rated, all of them the same."""
    known = ratings[~np.isnan(ratings)]
    return len(known) > 1 and np.ptp(known) == 0
