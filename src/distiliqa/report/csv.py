"""``scores.csv``: one row a slice, in reading order."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import TextIO
from unicodedata import normalize

from distiliqa.ct import Acquisition
from distiliqa.files import atomic_path
from distiliqa.report.json import rounded
from distiliqa.scoring.result import Comparison, SliceScore

FACTS = tuple(field.name for field in fields(Acquisition))
COLUMNS = (
    "path",
    "slice",
    "series",
    "position_mm",
    "score",
    "spread",
    "warnings",
    *FACTS,
    "noise_hu",
    "interval_low",
    "interval_high",
    "distance",
)
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n")
COMPARED = ("ssim", "psnr", "vif", "gmsd")


@contextmanager
def open_csv(path: Path) -> Iterator[TextIO]:
    """A file to write rows into, which is there whole or not at all.

    What a path holds that is no UTF-8 is written as an escape.

    Raises
    ------
    DistiliqaError : the disk is full or the folder cannot be written.
    """
    with (
        atomic_path(path) as partial,
        partial.open("w", newline="", encoding="utf-8", errors="backslashreplace") as file,
    ):
        yield file


def cells(row: Mapping[str, object]) -> dict[str, object]:
    """The fields of a row: numbers rounded, and no text that a spreadsheet takes for a formula.

    Tags and names of files come from anywhere (CWE-1236). An apostrophe before such a text shows
    that it is one; a path gets ``./``, so that it still names its file.
    """
    return {
        name: _as_text(name, value) if isinstance(value, str) else rounded(value)
        for name, value in row.items()
    }


def _as_text(name: str, value: str) -> str:
    # NFKC: some spreadsheets take the full-width forms for the same.
    if not normalize("NFKC", value[:1]).startswith(_FORMULAS):
        return value
    return f"./{value}" if name.startswith("path") else f"'{value}"


def write_csv(path: Path, slices: Sequence[SliceScore]) -> None:
    """Write one row a slice: ``slice`` is the index inside its file, from 0; the warnings are
    separated by ``"; "``; after them come the acquisition facts, in the units of `Acquisition`,
    the global noise level in HU, the ends of the prediction interval, the distance from what the
    model knows (above 1 is outside), and where a reference was given the metrics against it, as in
    `Comparison`. What is not known is empty.
    """
    compared = any(each.comparison is not None for each in slices)
    columns = (*COLUMNS, *COMPARED) if compared else COLUMNS
    with open_csv(path) as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(_row(each) for each in slices)


def _row(each: SliceScore) -> dict[str, object]:
    row = {
        "path": each.path,
        "slice": each.frame,
        "series": each.series,
        **each.figures,
        "warnings": "; ".join(each.warnings),
        **asdict(each.acquisition),
        **asdict(each.comparison or Comparison()),
    }
    return cells(row)
