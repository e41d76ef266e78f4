"""The slices that ratings name: by path, by the end of a path, by a pattern or by SOP instance UID.

A name is a path in the data folder, with or without its extension, or the last part of one; the
member of an archive is ``archive.zip/member``, the array of a NumPy archive ``file.npz/array``. A
folder, a volume or a pattern with ``*`` or ``?`` names several slices, which then share a rating.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Protocol

from distiliqa.ct.index import index_ct
from distiliqa.ct.slice_info import SliceInfo
from distiliqa.errors import CTReadError, RecipeError, quoted
from distiliqa.foreign_text import read_csv
from distiliqa.readers.rating_rows import RatedName, no_name
from distiliqa.readers.rating_table import RatingTable

MANIFEST = "manifest.csv"
ARCHIVES = (".zip", ".tar", ".tgz", ".npz")
_MAX_NAMED = 3


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
    found = _Places(_indexed(data, [row.name for row in table.rows]), data)
    facts = read_manifest(table.path.with_name(MANIFEST))
    matched = [found.slices_of(row, table.path) for row in table.rows]
    missing = [row.name for row, slices in zip(table.rows, matched, strict=True) if not slices]
    if missing:
        raise no_image(missing, data, table.path)
    named = zip(table.rows, matched, strict=True)
    check_once(
        ((row.name, info.path, info.frame) for row, slices in named for info in slices),
        table.path,
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


def check_once(rated: Iterable[tuple[str, str, int]], path: Path) -> None:
    """Raise `RecipeError` where two rows rate one slice, by whichever names.

    Parameters
    ----------
    rated : name of the row, path and frame of each slice. path : the table, for the error.
    """
    first: dict[tuple[str, int], str] = {}
    for name, image, frame in rated:
        other = first.setdefault((os.path.normpath(image), frame), name)
        if other != name:
            raise RecipeError(
                f"{quoted(other)} and {quoted(name)} name the same image {image}",
                path=path,
                remedy="keep one of the two",
            )


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
        for part in PurePosixPath(_posix(name)).parts
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


class _Places:
    """Slices by all the names that they may be called."""

    def __init__(self, slices: Sequence[SliceInfo], data: Path) -> None:
        self.slices = slices
        self.by_uid: dict[str, list[int]] = defaultdict(list)
        self.by_end: dict[str, list[int]] = defaultdict(list)
        self.by_path: dict[str, list[int]] = defaultdict(list)
        self.folders: dict[str, list[int]] = defaultdict(list)
        self.parts: list[tuple[str, ...]] = []
        for at, info in enumerate(slices):
            if info.sop_uid is not None:
                self.by_uid[info.sop_uid].append(at)
            self._add(at, PurePosixPath(name_in(info.path, data)))

    def _add(self, at: int, path: PurePosixPath) -> None:
        parts = path.parts
        self.parts.append(parts)
        for plain in {path, *_without_extension(path)}:
            self.by_path[str(plain)].append(at)
            for start in range(1, len(parts)):
                self.by_end["/".join(plain.parts[start:])].append(at)
        for folder in path.parents[:-1]:
            self.folders[str(folder)].append(at)

    def slices_of(self, row: RatedName, table: Path) -> list[SliceInfo]:
        """The slices of a row; none where its name matches nothing."""
        name = _posix(row.name)
        if name.startswith("/") or PurePosixPath(name).is_absolute() or name[1:3] == ":/":
            raise no_name(row.name, table)
        chosen = self._matching(name, row, table)
        found = [self.slices[at] for at in chosen]
        return [info for info in found if row.frame is None or info.frame == row.frame]

    def _matching(self, name: str, row: RatedName, table: Path) -> list[int]:
        if name in self.by_uid:
            return self._of_one_file(self.by_uid[name], row, table)
        if exact := self.by_path.get(name) or self.folders.get(name):
            return exact
        if "*" in name or "?" in name:
            return self._like(PurePosixPath(name).parts)
        return self._of_one_file(self.by_end.get(name, []), row, table)

    def _like(self, pattern: Sequence[str]) -> list[int]:
        """Slices whose path ends with a pattern, compared by folders."""
        return [
            at
            for at, parts in enumerate(self.parts)
            if len(parts) >= len(pattern)
            and all(map(fnmatchcase, parts[len(parts) - len(pattern) :], pattern))
        ]

    def _of_one_file(self, found: list[int], row: RatedName, table: Path) -> list[int]:
        paths = sorted({self.slices[at].path for at in found})
        if len(paths) > 1:
            some = ", ".join(paths[:_MAX_NAMED])
            raise RecipeError(
                f"{quoted(row.name)} names {len(paths)} images ({some})",
                path=table,
                remedy="name images by their path in the data folder",
            )
        return found


def name_in(path: str, data: Path) -> str:
    """Give a path as the data folder or archive names it; a file given by itself is its name."""
    inside = path.removeprefix(str(data)).lstrip("/\\")
    return _posix(inside if inside and inside != path else Path(path).name)


def _posix(name: str) -> str:
    return name.replace("\\", "/").removeprefix("./")


def _without_extension(path: PurePosixPath) -> list[PurePosixPath]:
    """The path without its extension, and without both of ``.nii.gz``."""
    shorter = path.with_suffix("") if path.suffix else path
    return [shorter, *([shorter.with_suffix("")] if path.suffix == ".gz" else [])]
