"""What an earlier, perhaps interrupted, run that makes a data set has done."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from distiliqa.errors import DistiliqaError
from distiliqa.files import cannot_write, make_folder
from distiliqa.foreign_text import parse_json


class Journal:
    """Results by stamp, kept in a file of JSON lines.

    A stamp says all that a result depends on (see `stamp`), so an entry counts only while nothing
    of that has changed. A line that an interrupted run left half-written is ignored.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._results: dict[str, dict[str, Any]] = dict(self._read())

    def _read(self) -> Iterator[tuple[str, dict[str, Any]]]:
        if not self.path.is_file():
            return
        for line in self.path.read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                entry = parse_json(line, self.path)
                yield entry.pop("stamp"), entry
            except (DistiliqaError, KeyError, AttributeError, TypeError):
                continue

    def find(self, stamp: str | None) -> dict[str, Any] | None:
        """What was entered with this very stamp, else None."""
        return None if stamp is None else self._results.get(stamp)

    def enter(self, stamp: str | None, result: Mapping[str, Any]) -> None:
        """Add an entry. Raises `DistiliqaError` where the file cannot be written."""
        make_folder(self.path.parent)
        try:
            with self.path.open("a", encoding="utf-8") as file:
                # The leading newline keeps this entry apart from a half-written one.
                file.write("\n" + json.dumps({"stamp": stamp, **result}))
        except OSError as error:
            raise cannot_write(self.path, error) from error


def stamp(settings: Sequence[object], files: Sequence[Path]) -> str | None:
    """One line that changes with the settings and with any of the files; None if one is missing.

    Files are known by size and time of change, as make does, so that resuming reads no pixels.
    """
    try:
        stats = [file.stat() for file in files]
    except OSError:
        return None
    known = [
        (str(file.resolve()), stat.st_size, stat.st_mtime_ns)
        for file, stat in zip(files, stats, strict=True)
    ]
    return json.dumps([*settings, *known])
