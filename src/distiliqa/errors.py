"""Errors that a user can act on: one line that names the file, the problem and the remedy."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import PurePath

MAX_QUOTED = 60  # characters of a value of a file that an error repeats
MAX_PROBLEM = 300  # characters; libraries quote whole files
# Where an absolute path begins.
_ABSOLUTE = re.compile(r"(?<!\w)(?:[A-Za-z]:)?[/\\](?=\S)")


def one_line(text: str) -> str:
    """Escape line breaks, escape codes and all else that is not printable.

    File names and tags come from anywhere, and a terminal obeys some of these characters.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def shortened(text: str, max_length: int = MAX_QUOTED) -> str:
    """Cut a text to ``max_length`` characters, the last of them an ellipsis."""
    return text if len(text) <= max_length else f"{text[: max_length - 1]}…"


def quoted(value: object) -> str:
    """The ``repr`` of a value, cut to `MAX_QUOTED` characters."""
    return shortened(repr(value[:MAX_QUOTED] if isinstance(value, str | bytes) else value))


def without_paths(text: str, paths: Iterable[str]) -> str:
    """Replace paths, which may name a patient, by ``a file``.

    The names of the files are replaced too, with the absolute paths that end in them: libraries
    report other spellings of a path than the one they were given.
    """
    paths = set(paths) - {""}
    for path in sorted(paths, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(path)}(?!\w)", "a file", text)
    for name in sorted({PurePath(path).name for path in paths} - {""}, key=len, reverse=True):
        if name in text:
            text = "\n".join(_without_name(line, name) for line in text.split("\n"))
    return text


def _without_name(line: str, name: str) -> str:
    """Replace a name and the absolute paths that end in it, in linear time."""
    names = [at.start() for at in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)", line)]
    path_ends = [at for at in names if line[at - 1 : at] in ("/", "\\")]
    starts = [at.start() for at in _ABSOLUTE.finditer(line)]
    parts, done = [], 0
    while (begin := _next(names, done)) is not None:
        last = begin
        start = _next(starts, done)
        if start is not None and start < begin and (end := _next(path_ends, start)) is not None:
            begin, last = start, end
        parts += [line[done:begin], "a file"]
        done = last + len(name)
    return "".join(parts) + line[done:]


def _next(places: Sequence[int], at: int) -> int | None:
    """The first of the sorted places that is not before ``at``."""
    first = bisect_left(places, at)
    return places[first] if first < len(places) else None


class DistiliqaError(Exception):
    """An error that the user can correct. Its text is one line: ``path: problem; remedy``.

    Parameters
    ----------
    problem : str
        The fault, cut to `MAX_PROBLEM` characters.
    path : str or PathLike[str], optional
        The file or folder with the fault, if any.
    remedy : str, optional
        How to correct it.

    Attributes
    ----------
    reason : str
        Problem and remedy, without the path.
    """

    def __init__(
        self, problem: str, *, path: str | PathLike[str] | None = None, remedy: str | None = None
    ) -> None:
        self.problem, self.path, self.remedy = shortened(problem, MAX_PROBLEM), path, remedy
        line = self.problem if remedy is None else f"{self.problem}; {remedy}"
        self.reason = one_line(" ".join(line.split()))
        where = "" if path is None else one_line(str(path))  # the path of an array is empty
        super().__init__(f"{where}: {self.reason}" if where else self.reason)


class CTReadError(DistiliqaError):
    """A file that should be a CT image cannot be read as one."""


class NotCTError(CTReadError):
    """A readable file that holds no axial CT image, such as a localizer, an MR or a report."""


class ModelFolderError(DistiliqaError):
    """A model folder lacks a file, or a file was changed after the export."""


class RecipeError(DistiliqaError):
    """A training recipe or a data set description is wrong."""


class DivergedError(DistiliqaError):
    """The loss of a training is not finite."""
