"""CSV files, and ``scores.csv``: one row a slice, in reading order."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO
from unicodedata import normalize

from distiliqa.files import atomic_path
from distiliqa.report.column import Column
from distiliqa.report.columns import COMPARED, SCORES_CSV, row_of
from distiliqa.report.json import rounded
from distiliqa.scoring.slice_score import SliceScore

_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")


@contextmanager
def open_csv(path: Path) -> Iterator[TextIO]:
    """Open a file for rows, which is written whole or not at all.

    Parts of a path that are not UTF-8 are written as escapes.

    Raises
    ------
    DistiliqaError
        The disk is full or the folder cannot be written.
    """
    with (
        atomic_path(path) as partial,
        partial.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        yield file


def cells(row: Mapping[str, object]) -> dict[str, object]:
    """The fields of a row: numbers rounded, and no text that a spreadsheet takes for a formula.

    Several warnings are one text, separated by ``"; "``. Tags and file names cannot be
    trusted (CWE-1236). Such a text gets an apostrophe in front. A path gets ``./``, so that it
    still names its file.
    """
    return {name: _cell(name, value) for name, value in row.items()}


def _cell(name: str, value: object) -> object:
    if isinstance(value, tuple):
        value = "; ".join(map(str, value))
    return _as_text(name, value) if isinstance(value, str) else rounded(value)


def _as_text(name: str, value: str) -> str:
    # NFKC: some spreadsheets read full-width forms as the same characters.
    if not normalize("NFKC", value[:1]).startswith(_FORMULAS):
        return value
    return f"./{value}" if name.startswith("path") else f"'{value}"


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write rows whole or not at all; a field that a row lacks is empty.

    Raises
    ------
    DistiliqaError
        See `open_csv`.
    """
    with open_csv(path) as file:
        write_rows(file, columns, map(cells, rows))


def write_rows(file: TextIO, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> None:
    """Write a line of column names and rows of cells, see `cells`; a missing cell is empty."""
    writer = csv.DictWriter(file, columns)
    writer.writeheader()
    writer.writerows(rows)


def write_csv(path: Path, slices: Sequence[SliceScore]) -> None:
    """Write one row a slice, with the columns of `distiliqa.report.columns.SCORES_CSV`.

    The metrics against a reference have columns only where one was given, and attributes only where
    the model rates them: a column ``attribute_NAME`` each, the last ones.

    Raises
    ------
    DistiliqaError
        See `open_csv`.
    """
    names = [column.name for column in _columns(slices)]
    write_table(path, [*names, *_attribute_columns(slices).values()], score_rows(slices))


def score_rows(slices: Sequence[SliceScore]) -> Iterator[dict[str, Any]]:
    """Give one row a slice with the columns of ``scores.csv``, not rounded."""
    columns, named = _columns(slices), _attribute_columns(slices)
    return (row_of(columns, slice_) | _attributes(slice_, named) for slice_ in slices)


def _columns(slices: Sequence[SliceScore]) -> list[Column]:
    compared = any(slice_.comparison is not None for slice_ in slices)
    return [column for column in SCORES_CSV if compared or column not in COMPARED]


def _attribute_columns(slices: Sequence[SliceScore]) -> dict[str, str]:
    """The column of each attribute that the slices have."""
    attributes = next((slice_.attributes for slice_ in slices if slice_.attributes), {})
    return {name: f"attribute_{name}" for name in attributes}


def _attributes(slice_: SliceScore, named: Mapping[str, str]) -> dict[str, float]:
    """The attributes of a slice by their columns; none where it has none."""
    return {column: slice_.attributes[name] for name, column in named.items() if slice_.attributes}
