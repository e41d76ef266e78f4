"""Pairs of a full-dose and a low-dose image of the same slice."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import NamedTuple

from distiliqa.ct.index import Problem
from distiliqa.errors import DistiliqaError, quoted
from distiliqa.foreign_text import read_text

COLUMNS = ("full", "low", "case", "low_dose")


@dataclass(frozen=True)
class DosePair:
    """One slice at two doses.

    Attributes
    ----------
    full, low : the two images.
    case : patient or study that must not be split between training and test.
    low_dose : dose of ``low`` relative to ``full``, in (0, 1).
    place : folder under the output folder that takes the mixed doses of this slice.
    """

    full: Path
    low: Path
    case: str
    low_dose: float
    place: Path

    @property
    def name(self) -> str:
        """File name of the mixed doses."""
        return self.full.name if self.full.suffix == ".dcm" else f"{self.full.name}.dcm"


class Pairing(NamedTuple):
    """What a folder or a list of pairs holds."""

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

    File names are relative to the CSV file, or absolute. A pair whose files are not there is a
    problem of the result.

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
    found, problems = [], []
    for (_, line), full, folder in zip(lines, fulls, folders, strict=True):
        low = path.parent / line["low"]
        missing = [Problem(str(file), "no such file") for file in (full, low) if not file.is_file()]
        problems += missing
        if not missing:
            place = folder.relative_to(top)
            found.append(DosePair(full, low, line["case"], float(line["low_dose"]), place))
    _check_names(found, path)
    return Pairing(tuple(found), tuple(problems))


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
    """The rows of the CSV file by column, with the numbers of their lines."""
    try:
        reader = csv.DictReader(StringIO(read_text(path), newline=""), skipinitialspace=True)
        missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
        lines = [(reader.line_num, line) for line in reader]
    except csv.Error as error:
        raise DistiliqaError(f"cannot be read as CSV ({error})", path=path) from error
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
