"""Pairs of a full-dose and a low-dose image of the same slice."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from distiliqa.ct.index import index_ct
from distiliqa.ct.listing import Problem
from distiliqa.errors import CTReadError, DistiliqaError, quoted
from distiliqa.foreign_text import read_csv

COLUMNS = ("full", "low", "case", "low_dose")
DICOM, NIFTI, NUMPY = ".dcm", ".nii", ".npy"  # what doses of a pair are written as


@dataclass(frozen=True)
class DosePair:
    """One slice at two doses.

    Attributes
    ----------
    full, low : the two images.
    case : patient or study that must not be split between training and test.
    low_dose : dose of ``low`` relative to ``full``, in (0, 1).
    place : folder under the output folder that takes the mixed doses of this slice.
    frame : 0-based number of the slice where the two files hold several, in reading order.
    suffix : of the files of mixed doses: `DICOM`, `NIFTI` or `NUMPY`.
    """

    full: Path
    low: Path
    case: str
    low_dose: float
    place: Path
    frame: int | None = None
    suffix: str = DICOM

    @property
    def name(self) -> str:
        """File name of the mixed doses."""
        if self.full.suffix == self.suffix and self.frame is None:
            return self.full.name
        number = "" if self.frame is None else f"-{self.frame + 1:04}"
        return f"{self.full.name}{number}{self.suffix}"


class Pairing(NamedTuple):
    """Pairs of a folder or a list, and problems."""

    pairs: tuple[DosePair, ...]
    problems: tuple[Problem, ...]  # files that have no partner or are not there

    def require(self, cases: Iterable[str]) -> None:
        """Raise `DistiliqaError` where one of some cases has no pair."""
        known = {pair.case for pair in self.pairs}
        for case in cases:
            if case not in known:
                raise DistiliqaError(
                    f"no pair of the case {case}", remedy=f"choose from {', '.join(sorted(known))}"
                )


def read_pairs(path: Path) -> Pairing:
    """Read a CSV file with the columns full, low, case, low_dose.

    File names are relative to the CSV file, or absolute; files are of any format that
    `index_ct` reads. Two files of several slices, such as volumes, are a pair for each slice. A
    pair whose files are not there, or hold unequal numbers of slices, is a problem of the result.

    Raises
    ------
    DistiliqaError : no such file, a missing column, or a wrong line, which it names.
    """
    lines = _read_lines(path)
    fulls: list[Path] = []
    seen: dict[str, int] = {}
    for number, line in lines:
        _check_line(line, path, number)
        fulls.append(full := path.parent / line["full"])
        if (known := seen.setdefault(os.path.realpath(full), number)) != number:
            raise DistiliqaError(
                f"line {number}: {line['full']} stands in line {known} too",
                path=path,
                remedy="give every full-dose file once; put other low doses in a second CSV file",
            )
    folders = [full.parent.resolve() for full in fulls]
    top = Path(os.path.commonpath(folders))
    found, problems = list[DosePair](), list[Problem]()
    for (_, line), full, folder in zip(lines, fulls, folders, strict=True):
        low = path.parent / line["low"]
        missing = [Problem(str(file), "no such file") for file in (full, low) if not file.is_file()]
        problems += missing
        if not missing:
            place = folder.relative_to(top)
            pair = DosePair(full, low, line["case"], float(line["low_dose"]), place)
            slices = _slice_by_slice(pair)
            found += () if isinstance(slices, Problem) else slices
            problems += [slices] if isinstance(slices, Problem) else ()
    _check_names(found, path)
    return Pairing(tuple(found), tuple(problems))


def _slice_by_slice(pair: DosePair) -> list[DosePair] | Problem:
    """Split a pair of files into pairs of slices, with the format to write."""
    try:
        full, low = (index_ct(path, require_ct=False).slices for path in (pair.full, pair.low))
    except CTReadError:
        return [pair]  # which reports what is wrong with it when it is read
    if len(full) != len(low):
        return Problem(str(pair.low), f"holds {len(low)} slices, its full dose {len(full)}")
    if len(full) == 1 and all(ref.sop_uid is not None for ref in (*full, *low)):
        return [pair]
    suffix = NUMPY if full[0].geometry is None else NIFTI
    frames = [None] if len(full) == 1 else range(len(full))
    return [replace(pair, frame=frame, suffix=suffix) for frame in frames]


def _check_names(pairs: Iterable[DosePair], path: Path) -> None:
    """Raise `DistiliqaError` where the mixed doses of two pairs would have one name."""
    taken: dict[Path, DosePair] = {}
    for pair in pairs:
        other = taken.setdefault(pair.place / pair.name, pair)
        if other is not pair:
            raise DistiliqaError(
                f"the mixed doses of {pair.full.name} and {other.full.name} would be one file",
                path=path,
                remedy="rename one of them",
            )


def _read_lines(path: Path) -> list[tuple[int, dict[str, str]]]:
    """Rows of the CSV file by column, with their line numbers."""
    header, lines = read_csv(path, skip_spaces=True)
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise DistiliqaError(
            f"lacks the column {', '.join(missing)}",
            path=path,
            remedy=f"its first line must name {','.join(COLUMNS)}",
        )
    if not lines:
        raise DistiliqaError("holds no pairs", path=path, remedy="add a line a slice")
    return lines


def _check_line(line: dict[str, str], path: Path, number: int) -> None:
    empty = [name for name in COLUMNS if not line[name]]
    if empty:
        raise DistiliqaError(f"line {number}: {empty[0]} is empty", path=path, remedy="fill it in")
    try:
        sensible = 0 < float(line["low_dose"]) < 1
    except ValueError:
        sensible = False
    if not sensible:
        raise DistiliqaError(
            f"line {number}: low_dose is {quoted(line['low_dose'])}, not a number between 0 and 1",
            path=path,
            remedy="give the dose relative to the full dose, such as 0.25",
        )
