"""The slices that ratings name: by path, by the end of a path, by a pattern or by SOP instance UID.

A name is a path in the data folder, with or without its extension, or the last part of one; the
member of an archive is ``archive.zip/member``, the array of a NumPy archive ``file.npz/array``. A
folder, a volume or a pattern with ``*`` or ``?`` names several slices, which then share a rating.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

from distiliqa.ct.index import index_ct
from distiliqa.ct.slice_info import SliceInfo
from distiliqa.errors import CTReadError, RecipeError, quoted
from distiliqa.foreign_text import read_csv
from distiliqa.readers.rating_rows import RatedName
from distiliqa.readers.rating_table import RatingTable
from distiliqa.readers.slice_names import NamedSlices, as_posix

MANIFEST = "manifest.csv"
ARCHIVES = (".zip", ".tar", ".tgz", ".npz")


class RatedOfPatient(Protocol):
    """What is rated: its name and its patient."""

    @property
    def name(self) -> str:
        """As in the table."""
        ...

    @property
    def case(self) -> str | None:
        """The patient; None if unknown."""
        ...


@dataclass(frozen=True)
class RatedSlices:
    """What one row of a table rates.

    Attributes
    ----------
    name : as in the table.
    slices : one or several.
    case : the patient: that of the table, of ``manifest.csv``, or the Patient ID; None if unknown.
    source : the slice that this is a version of; None if unknown.
    """

    name: str
    slices: tuple[SliceInfo, ...]
    case: str | None = None
    source: str | None = None


def find_rated(table: RatingTable, data: Path) -> tuple[RatedSlices, ...]:
    """Find the slices of each row of a table.

    A ``manifest.csv`` beside the table (columns path, case, source) gives patients that neither the
    table nor the header of the slice names.

    Parameters
    ----------
    data : a folder, an archive or a file.

    Raises
    ------
    RecipeError : a name that matches nothing or several files, two rows for one slice.
    CTReadError : there is no slice in ``data``.
    """
    found = NamedSlices(_indexed(data, [row.name for row in table.rows]), data)
    facts = read_manifest(table.path.with_name(MANIFEST))
    matched = [found.slices_of(row, table.path) for row in table.rows]
    missing = [row.name for row, slices in zip(table.rows, matched, strict=True) if not slices]
    if missing:
        raise no_image(missing, data, table.path)
    named = zip(table.rows, matched, strict=True)
    check_once(
        ((row, info.path, info.frame) for row, slices in named for info in slices), table.path
    )
    return tuple(
        _rated(row, slices, facts.get(row.name, {}))
        for row, slices in zip(table.rows, matched, strict=True)
    )


def read_manifest(path: Path) -> dict[str, dict[str, str]]:
    """Read the rows of a ``manifest.csv`` by their ``path``; empty fields are left out.

    A missing file is an empty manifest.

    Raises
    ------
    RecipeError : no column ``path``, or a path that stands twice.
    DistiliqaError : the file cannot be read, see `read_csv`.
    """
    if not path.is_file():
        return {}
    rows: dict[str, dict[str, str]] = {}
    for _, row in read_csv(path)[1]:
        name = row.get("path")
        if not name:
            raise RecipeError("has a row without `path`", path=path, remedy="fill it in")
        if name in rows:
            raise RecipeError(
                f"the path {quoted(name)} stands twice", path=path, remedy="keep one of the two"
            )
        rows[name] = {column: value for column, value in row.items() if column and value}
    return rows


def no_image(missing: Sequence[str], data: Path, path: Path) -> RecipeError:
    """The error for names that match no image."""
    others = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return RecipeError(
        f"no image for {quoted(missing[0])}{others} in {data}",
        path=path,
        remedy="check the data folder, or take the names out",
    )


def check_once(rated: Iterable[tuple[RatedName, str, int]], path: Path) -> None:
    """Raise `RecipeError` where two rows rate one slice, by whichever names.

    Parameters
    ----------
    rated : row, path and frame of each slice. path : the table, for the error.
    """
    first: dict[tuple[str, int], RatedName] = {}
    for row, image, frame in rated:
        other = first.setdefault((os.path.normpath(image), frame), row)
        if other != row:
            raise RecipeError(
                f"{_called(other)} and {_called(row)} name the same image {image}",
                path=path,
                remedy="keep one of the two",
            )


def _called(row: RatedName) -> str:
    """A row as errors name it: rows of one file differ by their slice."""
    return quoted(row.name) if row.frame is None else f"slice {row.frame} of {quoted(row.name)}"


def require_patients(rated: Iterable[RatedOfPatient], path: Path, why: str) -> None:
    """Raise `RecipeError` where the patient of an image is not known.

    Parameters
    ----------
    path : the table, for the error. why : what patients are needed for.
    """
    unknown = [one.name for one in rated if one.case is None]
    if unknown:
        others = f" and of {len(unknown) - 1} more" if len(unknown) > 1 else ""
        raise RecipeError(
            f"the patient of {quoted(unknown[0])}{others} is not known",
            path=path,
            remedy=f"name patients in a column `case`: {why}",
        )


def _rated(row: RatedName, slices: Sequence[SliceInfo], facts: Mapping[str, str]) -> RatedSlices:
    patients = {info.patient_id for info in slices}
    patient = patients.pop() if len(patients) == 1 else None
    case = row.case or facts.get("case") or (patient or "").strip() or None
    return RatedSlices(row.name, tuple(slices), case, row.source or facts.get("source"))


def _indexed(data: Path, names: Iterable[str]) -> list[SliceInfo]:
    """All slices in the data, and in those of its archives that a name has a part of."""
    named = {
        part
        for name in names
        for part in PurePosixPath(as_posix(name)).parts
        if part.lower().endswith(ARCHIVES)
    }
    inside = [path for path in sorted(data.rglob("*")) if path.name in named and path.is_file()]
    slices, problem = list[SliceInfo](), None
    for path in (data, *inside):
        try:
            slices += index_ct(path, require_ct=False).slices
        except CTReadError as error:
            problem = problem or error
    if not slices and problem is not None:
        raise problem
    return slices
