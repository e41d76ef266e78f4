"""Text and tables that others wrote: files of the user, model folders, answers of servers.

Editors on Windows begin a file with a byte order mark, and some save UTF-16. Programs of many
countries write tables with semicolons. Here each fault becomes an error of one line.
"""

from __future__ import annotations

import codecs
import csv
from io import StringIO
from os import PathLike
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import open_regular

MAX_TEXT_BYTES = 256 << 20
# UTF-32 first: its mark in little endian begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


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
    return decode(content, path, "save it again as UTF-8")


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


def decode(content: bytes, path: str | PathLike[str] | None, remedy: str) -> str:
    """The text of bytes, by their byte order mark.

    Parameters
    ----------
    path : origin of the bytes, for the error.
    remedy : how to correct a faulty text.

    Raises
    ------
    DistiliqaError : the bytes are not text.
    """
    encoding = encoding_of(content)
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        name = encoding.removesuffix("-sig").upper()
        raise DistiliqaError(
            f"not text in {name} ({error.reason} at byte {error.start})", path=path, remedy=remedy
        ) from None


def _size(count: int) -> str:
    return f"{count >> 20} MiB" if count >= 1 << 20 else f"{count >> 10} KiB"
