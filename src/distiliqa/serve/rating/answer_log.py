"""The answers of readers on disk, a line each: what was answered survives a power failure."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from io import FileIO
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import cannot_write, sync_folder
from distiliqa.foreign_json import from_json, parse_json

LOG = "answers.jsonl"
MAX_LOG_BYTES = 256 << 20


@dataclass(frozen=True)
class Entry:
    """An answer of a reader.

    Attributes
    ----------
    reader : str
        The name of the reader.
    images : tuple[int, ...]
        Indices of the images; of a pair, the one on the left first.
    answer : int or None
        Of a pair 1 for the first, -1 for the second, 0 for both the same; else the rating, 0 to 4.
        None takes back the latest answer of the reader.
    at : str
        When, UTC, as ISO 8601.
    """

    reader: str
    images: tuple[int, ...]
    answer: int | None
    at: str


def read_log(folder: Path) -> list[Entry]:
    """The answers that stand, in order. A line that a power failure cut is removed from the file.

    Raises
    ------
    DistiliqaError
        A line is no answer, or the file cannot be read.
    """
    path = folder / LOG
    try:
        content = path.read_bytes() if path.is_file() else b""
    except OSError as error:
        raise DistiliqaError(f"cannot be read ({error.strerror})", path=path) from error
    if len(content) > MAX_LOG_BYTES:
        raise DistiliqaError("is too large for answers", path=path, remedy="give another --out")
    whole = content[: content.rfind(b"\n") + 1]
    entries = list(_entries(whole, path))
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))
    return standing(entries)


def has_answers(folder: Path) -> bool:
    """Whether anything was answered, also if all of it was taken back."""
    path = folder / LOG
    return path.is_file() and path.stat().st_size > 0


def _entries(content: bytes, path: Path) -> Iterator[Entry]:
    for number, line in enumerate(content.splitlines(), 1):
        try:
            yield from_json(Entry, parse_json(line, path), f"line {number}")
        except (TypeError, ValueError) as error:
            raise DistiliqaError(
                f"line {number} is no answer ({error})", path=path, remedy="take the line out"
            ) from error


def standing(entries: list[Entry]) -> list[Entry]:
    """The answers that were not taken back."""
    kept: list[Entry] = []
    for entry in entries:
        if entry.answer is not None:
            kept.append(entry)
            continue
        latest = [at for at, one in enumerate(kept) if one.reader == entry.reader]
        if latest:
            del kept[latest[-1]]
    return kept


def append(folder: Path, entry: Entry) -> None:
    """Write an answer, before the next question is shown. Raises `DistiliqaError` on a full disk.

    A line that was written in part is removed again.
    """
    path = folder / LOG
    line = json.dumps(asdict(entry), ensure_ascii=True) + "\n"
    try:
        # Without a buffer: what is left in one is written when the file is closed, after the cut.
        with path.open("ab", buffering=0) as file:
            size = file.tell()
            try:
                _write_whole(file, line.encode())
                os.fsync(file.fileno())
                if size == 0:  # the file is new
                    sync_folder(folder)
            except OSError:
                os.truncate(path, size)
                raise
    except OSError as error:
        raise cannot_write(path, error) from error


def _write_whole(file: FileIO, content: bytes) -> None:
    """Write all of it: a call may write a part, as on a disk that is nearly full."""
    while content:
        content = content[file.write(content) :]
