"""Text headers of MetaImage and NRRD, read within limits."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import IO

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import CTReadError, quoted

# Slicer writes a line a segment or gradient, some hundred lines.
MAX_HEADER_BYTES = 1 << 20

# Counts of voxels and lengths of headers are smaller.
_MAX_WHOLE = 1 << 31


class TextHeader:
    """Fields of a header, and errors for those that are not usable.

    Parameters
    ----------
    path : the file, for the errors.
    fields : names in lower case without spaces, and values without spaces around them.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.fields: dict[str, str] = {}

    def add(self, name: str, value: str) -> None:
        """Add a field. Raises `CTReadError` where it already has another value."""
        if self.fields.setdefault(name, value) != value:
            raise self.error(f"two values of {quoted(name)}")

    def text(self, *names: str, default: str | None = None) -> str:
        """The value of the first of ``names`` in the header, or the default."""
        found = next((self.fields[name] for name in names if name in self.fields), default)
        if found is None:
            raise self.error(f"no {names[0]}")
        return found

    def has(self, *names: str) -> bool:
        """Whether the header has one of ``names``."""
        return any(name in self.fields for name in names)

    def whole(self, name: str, default: str | None = None) -> int:
        """A whole number."""
        (number,) = self.wholes(name, 1, default)
        return number

    def wholes(self, name: str, count: int, default: str | None = None) -> tuple[int, ...]:
        """``count`` whole numbers of at most 2**31."""
        words = self.text(name, default=default).split()
        try:
            numbers = tuple(int(word) for word in words)
        except ValueError as error:
            raise self.unusable(name) from error
        if len(numbers) != count or any(abs(number) > _MAX_WHOLE for number in numbers):
            raise self.unusable(name)
        return numbers

    def reals(self, count: int, *names: str, default: str) -> NDArray[np.float64]:
        """Numbers of the first of ``names`` in the header, (count,)."""
        return self.vector(names[0], self.text(*names, default=default), count)

    def vector(self, name: str, text: str, count: int) -> NDArray[np.float64]:
        """The numbers in ``text``, a value or part of a value of the field ``name``, (count,)."""
        try:
            numbers = [float(word) for word in text.replace(",", " ").split()]
        except ValueError as error:
            raise self.unusable(name, text) from error
        if len(numbers) != count:
            raise self.unusable(name, text)
        return np.array(numbers)

    def data_file(self, name: str) -> Path:
        """Path of the file of the pixels, in the folder of the header; no pattern is expanded.

        Raises `CTReadError` on several files, on another folder, and on the header itself.
        """
        words = name.split()
        if words[:1] == ["LIST"] or (len(words) > 2 and "%" in words[0]):
            raise CTReadError(
                "its pixels are in several files",
                path=self.path,
                remedy="convert it to one, such as .mha",
            )
        place = PurePath(name)
        if not name or "\0" in name or place.is_absolute() or ".." in place.parts:
            raise CTReadError(
                "its pixels are outside of its folder",
                path=self.path,
                remedy="put both into one folder, and only the name of the file into the header",
            )
        if (data := self.path.parent / place) == self.path:
            raise self.error("it names itself as the file of its pixels")
        return data

    def unusable(self, name: str, text: str | None = None) -> CTReadError:
        """The error of a field whose value is not usable."""
        value = self.text(name, default="") if text is None else text
        return self.error(f"{name} is {quoted(value)}")

    def error(self, problem: str) -> CTReadError:
        """An error of the header."""
        return CTReadError(
            f"not readable as a volume ({problem})",
            path=self.path,
            remedy="copy or convert it again",
        )


def lines_of(file: IO[bytes], header: TextHeader) -> Iterator[str]:
    """Yield the lines of a file from its present offset.

    Raises `CTReadError` after `MAX_HEADER_BYTES`.
    """
    left = MAX_HEADER_BYTES
    while line := file.readline(left):
        left -= len(line)
        if not left:
            raise header.error("no end of its header within 1 MiB")
        yield os.fsdecode(line).strip("\r\n")
