"""Text and JSON that others wrote: files of the user, model folders, answers of servers.

Editors on Windows begin a file with a byte order mark, and some save UTF-16. JSON may be nested so
deep, or hold numbers so long, that a reader fails (RFC 8259, section 9, lets it set limits). Here
each such fault becomes an error of one line, and values get the types that a dataclass states.
"""

from __future__ import annotations

import codecs
import csv
import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import is_dataclass
from io import StringIO
from os import PathLike
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

from distiliqa.errors import DistiliqaError, quoted
from distiliqa.files import open_regular

MAX_TEXT_BYTES = 256 << 20
MAX_JSON_BYTES = 64 << 20  # lists of lists need 20 times as much memory
MAX_DEPTH = 64
MAX_DIGITS = 64  # of an integer; the largest of 64 bits has 20
# UTF-32 first: its mark in little endian begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CORRECT = "correct it, or save it again as UTF-8"

AnyObject = TypeVar("AnyObject")


def encoding_of(start: bytes) -> str:
    """The encoding of the byte order mark of a text; UTF-8 without one.

    Parameters
    ----------
    start : at least the first four bytes of the text.
    """
    return next((name for mark, name in _MARKS if start.startswith(mark)), "utf-8-sig")


def read_text(path: Path, max_bytes: int = MAX_TEXT_BYTES) -> str:
    """Read a text file in UTF-8, or in UTF-16 or UTF-32 with a byte order mark.

    Raises
    ------
    DistiliqaError : the file is missing, not readable, larger than ``max_bytes``, or not text.
    """
    try:
        with open_regular(path) as file:
            content = file.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise DistiliqaError("no such file", path=path, remedy="check the path") from error
    except (OSError, ValueError) as error:  # a path with a null character is a ValueError
        problem = getattr(error, "strerror", None) or error
        raise DistiliqaError(
            f"cannot be read ({problem})", path=path, remedy="check the path"
        ) from error
    if len(content) > max_bytes:
        raise DistiliqaError(
            f"larger than {_size(max_bytes)}", path=path, remedy="check that it is the right file"
        )
    return _decoded(content, path, "save it again as UTF-8")


def read_csv(
    path: Path, *, skip_spaces: bool = False
) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """Read a table whose first line names its columns; see `read_text`.

    Commas stand between values, or semicolons or tabs where the first line has no comma: programs
    write these where a comma begins the decimals.

    Parameters
    ----------
    skip_spaces : leave out the spaces behind a comma.

    Returns
    -------
    The names of the columns; each row by column, empty where it ends early, with its last line.

    Raises
    ------
    DistiliqaError : also where a row has more values than there are columns.
    """
    text = read_text(path)
    first = text.partition("\n")[0]
    mark = next((mark for mark in ";\t" if mark in first and "," not in first), ",")
    lines = StringIO(text, newline="")
    reader = csv.DictReader(lines, delimiter=mark, restval="", skipinitialspace=skip_spaces)
    try:
        rows = [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise DistiliqaError(
            f"not readable as CSV ({error})", path=path, remedy="save it as CSV again"
        ) from error
    for line, row in rows:
        if any(row.pop(None, ())):
            raise DistiliqaError(
                f"line {line} has more values than there are columns",
                path=path,
                remedy="put values that hold a comma in quotes, and a point before decimals",
            )
    return list(reader.fieldnames or ()), rows


def read_json(path: Path, max_bytes: int = MAX_JSON_BYTES) -> Any:
    """Read a JSON file. Raises `DistiliqaError`, see `read_text` and `parse_json`."""
    return parse_json(read_text(path, max_bytes), path)


def parse_json(
    content: str | bytes, path: str | PathLike[str] | None, remedy: str = _CORRECT
) -> Any:
    """The value of a JSON text, in which all numbers are finite.

    Parameters
    ----------
    path : origin of the text, for the error.
    remedy : how to correct a faulty text.

    Raises
    ------
    DistiliqaError : not JSON, a duplicate name in an object, NaN or an infinite number, an integer
        of more than `MAX_DIGITS` digits, more than `MAX_DEPTH` nested values.
    """
    text = _decoded(content, path, remedy) if isinstance(content, bytes) else content
    try:
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_integer,
            parse_float=_finite,
            parse_constant=_refuse,
        )
        _check_depth(value)
    except RecursionError:
        reason = f"nested more than {MAX_DEPTH} deep"
    except ValueError as error:
        reason = str(error)
    else:
        return value
    raise DistiliqaError(f"not readable as JSON ({reason})", path=path, remedy=remedy)


def from_json(kind: type[AnyObject], content: Any, name: str = "it") -> AnyObject:
    """Make an object of the dataclass ``kind``, whose fields may be dataclasses too.

    Parameters
    ----------
    content : a JSON object, as `parse_json` gives it.
    name : name of the value in errors.

    Raises
    ------
    TypeError : a field is unknown, missing, or of another type; a boolean is not a number.
    """
    if not isinstance(content, Mapping):
        raise TypeError(f"{name} is {quoted(content)}, not an object")
    types = get_type_hints(kind)
    for key in content:
        if key not in types:
            raise TypeError(f"{quoted(key)} is unknown")
    return kind(**{key: _typed(types[key], value, key) for key, value in content.items()})


def _decoded(content: bytes, path: str | PathLike[str] | None, remedy: str) -> str:
    encoding = encoding_of(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        raise DistiliqaError(
            f"not text in {name} ({error.reason} at byte {error.start})", path=path, remedy=remedy
        ) from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        name, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"the name {quoted(name)} stands twice; keep one of the two")
    return content


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{quoted(digits)} is not a finite number")
    return number


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a finite number")


def _check_depth(value: Any) -> None:
    """Raise `RecursionError` beyond `MAX_DEPTH`, level by level and not by recursion."""
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for outer in level for inner in _inside(outer)]
        if not level:
            return
    raise RecursionError


def _inside(value: Any) -> Iterable[Any]:
    """The values that an object or a list holds."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _typed(hint: Any, value: Any, name: str) -> Any:
    kinds = get_args(hint) if isinstance(hint, UnionType) else (hint,)
    if value is None and NoneType in kinds:
        return None
    kind, args = kinds[0], get_args(kinds[0])
    if is_dataclass(kind):
        return from_json(kind, value, name)  # type: ignore[arg-type]
    if get_origin(kind) is tuple and args[1:] == (Ellipsis,) and isinstance(value, list):
        return tuple(_typed(args[0], inner, name) for inner in value)
    if get_origin(kind) is tuple and isinstance(value, list) and len(value) == len(args):
        return tuple(map(_typed, args, value, [name] * len(args)))
    if get_origin(kind) is dict and isinstance(value, dict):
        return {key: _typed(args[1], inner, f"{name}.{key}") for key, inner in value.items()}
    if get_origin(kind) is Literal and value in args:
        return value
    if kind is float and type(value) is int:
        return float(value)
    if kind is not Any and type(value) is not kind:
        raise TypeError(f"{name} is {quoted(value)}, not {getattr(kind, '__name__', kind)}")
    return value


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"
