"""Rows of a file of ratings, CSV or JSON: their cells, names and numbers, checked one by one."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from distiliqa.errors import RecipeError, quoted
from distiliqa.foreign_json import MAX_JSON_BYTES, parse_json
from distiliqa.foreign_text import read_csv, read_text

NAME_COLUMNS = ("image", "path", "name", "file", "sop_instance_uid")
CASE_COLUMNS = ("case", "patient")
SOURCE, FRAME = "source", "slice"
FACTS = frozenset({*NAME_COLUMNS, *CASE_COLUMNS, SOURCE, FRAME})
ONE_READER = "rating"  # the reader of a file that has one number an image
TABLES = (".csv", ".tsv", ".txt")
_MISSING = {"", "-", "na", "n/a", "nan", "none", "null"}
ACCEPTED = (
    'ratings are a JSON file: write an object {"name": rating, ...}, as UTF-8; or a CSV table with '
    "a column `image` and one column a reader"
)

Scale = tuple[float, float]


class RatedName(NamedTuple):
    """What a row says of its image.

    Attributes
    ----------
    name : path, pattern or SOP instance UID.
    frame : index of the slice in its file; None for all of the file.
    case : the patient; None where not given.
    source : the slice that the image is a version of; None where not given.
    """

    name: str
    frame: int | None = None
    case: str | None = None
    source: str | None = None


class Line(NamedTuple):
    """A row as it was read: its place for errors, its cells by column, and whether all are text."""

    place: str
    cells: Mapping[str, Any]
    is_text: bool = False


def read_lines(path: Path) -> tuple[list[str], list[Line]]:
    """The columns of a file of ratings, and its rows.

    Raises
    ------
    RecipeError : a column twice, or a value in a column without a name.
    DistiliqaError : the file cannot be read.
    """
    return _csv(path) if path.suffix.lower() in TABLES else _json(path)


def _csv(path: Path) -> tuple[list[str], list[Line]]:
    header, found = read_csv(path)
    columns = [name.strip() for name in header]
    filled = [name for name in columns if name]
    twice = [name for name, count in Counter(filled).items() if count > 1]
    if twice:
        raise RecipeError(
            f"names the column {quoted(twice[0])} twice", path=path, remedy="rename one of the two"
        )
    lines = []
    for number, row in found:
        cells = {name.strip(): value.strip() for name, value in row.items()}
        if cells.pop("", ""):
            raise RecipeError(
                f"line {number} has a value in a column without a name",
                path=path,
                remedy="name the column in the first line",
            )
        if any(cells.values()):
            lines.append(Line(f"line {number}: ", cells, is_text=True))
    return filled, lines


def _json(path: Path) -> tuple[list[str], list[Line]]:
    content = parse_json(read_text(path, MAX_JSON_BYTES), path, ACCEPTED)
    if isinstance(content, dict):
        lines = [_named_line(name, value, path) for name, value in content.items()]
    elif isinstance(content, list) and all(isinstance(entry, dict) for entry in content):
        lines = [Line(f"entry {number}: ", entry) for number, entry in enumerate(content, 1)]
    else:
        raise RecipeError("holds no ratings", path=path, remedy=ACCEPTED)
    return list(dict.fromkeys(column for line in lines for column in line.cells)), lines


def _named_line(name: str, value: Any, path: Path) -> Line:
    if not name.strip():
        raise no_name(name, path)
    if isinstance(value, dict):
        return Line("", {NAME_COLUMNS[0]: name, **value})
    line = Line("", {NAME_COLUMNS[0]: name, ONE_READER: value})
    if value is None:  # a cell may be empty where others rated the image; a lone null is a mistake
        raise _no_number(line, ONE_READER, name, path)
    return line


def rated_name(line: Line, path: Path) -> RatedName:
    """What a row says of its image. Raises `RecipeError` on one without a name."""
    facts = {plain(column): value for column, value in line.cells.items()}
    name, case = (_first(facts, columns) for columns in (NAME_COLUMNS, CASE_COLUMNS))
    if name is None:
        raise RecipeError(
            f"{line.place}no name of an image",
            path=path,
            remedy=f"fill one of the columns {', '.join(NAME_COLUMNS)}",
        )
    return RatedName(name, _frame(facts.get(FRAME), line, path), case, _first(facts, (SOURCE,)))


def _first(facts: Mapping[str, Any], columns: Iterable[str]) -> str | None:
    """The first of some columns that is filled, as text."""
    texts = (str(facts[column]).strip() for column in columns if facts.get(column) is not None)
    return next(filter(None, texts), None)


def no_name(name: str, path: Path) -> RecipeError:
    """The error for a text that cannot name an image."""
    return RecipeError(
        f"{quoted(name)} is no name of an image",
        path=path,
        remedy="name images by their path relative to the data folder",
    )


def _frame(value: Any, line: Line, path: Path) -> int | None:
    text = str("" if value is None else value).strip()
    if text.lower() in _MISSING:
        return None
    if not (text.isascii() and text.isdecimal()):
        raise RecipeError(
            f"{line.place}the slice {quoted(text)} is no index from 0",
            path=path,
            remedy="give the index of the slice in its file, or leave the cell empty",
        )
    return int(text)


def rating(line: Line, reader: str, name: str, scale: Scale | None, path: Path) -> float:
    """What a reader gave to the image ``name``, NaN for nothing.

    Raises
    ------
    RecipeError : no number, or one outside of the scale.
    """
    value = line.cells.get(reader)
    number = _of_text(str(value)) if line.is_text else _of_json(value)
    if number is None:
        raise _no_number(line, reader, name, path)
    if scale is not None and not math.isnan(number) and not scale[0] <= number <= scale[1]:
        raise RecipeError(
            f"{_whose(line, reader, name)} is {number:g}, outside the scale "
            f"{scale[0]:g} to {scale[1]:g}",
            path=path,
            remedy="correct the rating, or give the scale of the readers: --scale LOW,HIGH, or "
            "data.scale of a recipe",
        )
    return number


def _no_number(line: Line, reader: str, name: str, path: Path) -> RecipeError:
    return RecipeError(
        f"{_whose(line, reader, name)} is {quoted(line.cells.get(reader))}, not a number",
        path=path,
        remedy="give every image a finite number; in a table, empty a cell that was not rated, and "
        "choose the columns of ratings with --readers",
    )


def _whose(line: Line, reader: str, name: str) -> str:
    alone = reader == ONE_READER and not line.place
    return f"the rating of {quoted(name)}" if alone else f"{line.place}{reader} of {quoted(name)}"


def _of_json(value: Any) -> float | None:
    """A value of JSON as a number, NaN where it is null; None for anything else."""
    if value is None:
        return math.nan
    # A bool is an int in Python, and JSON's true is no rating.
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _of_text(text: str) -> float | None:
    """A cell as a number, NaN where it is missing; None for anything else."""
    if text.lower() in _MISSING:
        return math.nan
    # Programs of many countries write 3,5; Python takes 1_0 for 10.
    point = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    try:
        number = math.nan if "_" in point else float(point)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def plain(column: str) -> str:
    """The name of a column without its spelling."""
    return column.strip().lower().replace(" ", "_")
