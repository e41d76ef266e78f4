"""Errors that a user can act on: one line that names the file, the problem and the remedy."""

from __future__ import annotations

import re
from collections.abc import Iterable
from os import PathLike
from pathlib import PurePath

MAX_QUOTED = 60


def one_line(text: str) -> str:
    """``text`` with line breaks, escape codes and whatever else is not to be printed escaped.

    File names and tags come from anywhere, and a terminal obeys some of these characters.
    """
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode() for each in text
    )


def quoted(value: object) -> str:
    """``value`` as Python writes it, no longer than `MAX_QUOTED` characters."""
    text = repr(value[:MAX_QUOTED] if isinstance(value, str | bytes) else value)
    return text if len(text) <= MAX_QUOTED else f"{text[: MAX_QUOTED - 1]}…"


def without_paths(text: str, paths: Iterable[str]) -> str:
    """``text`` with ``a file`` in the place of each path, which may carry who a patient is.

    A name of one of the files goes too, and with it the absolute path that it stands at the end of:
    libraries tell other spellings of a path than the one they were given.
    """
    paths = set(paths) - {""}
    for path in sorted(paths, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(path)}(?!\w)", "a file", text)
    for name in sorted({PurePath(path).name for path in paths} - {""}, key=len, reverse=True):
        absolute = r"(?<!\w)(?:[A-Za-z]:)?[/\\](?=\S)(?:.*?[/\\])??"
        text = re.sub(rf"(?:{absolute}|(?<!\w)){re.escape(name)}(?!\w)", "a file", text)
    return text


class DistiliqaError(Exception):
    """Something the user can put right. The text is one line: ``path: problem; remedy``.

    Parameters
    ----------
    problem : what is wrong.
    path : the file or folder it is wrong with, if there is one.
    remedy : what to do about it.

    Attributes
    ----------
    reason : problem and remedy, without the path.
    """

    def __init__(
        self, problem: str, *, path: str | PathLike[str] | None = None, remedy: str | None = None
    ) -> None:
        self.problem, self.path, self.remedy = problem, path, remedy
        line = problem if remedy is None else f"{problem}; {remedy}"
        self.reason = one_line(" ".join(line.split()))
        super().__init__(self.reason if path is None else f"{one_line(str(path))}: {self.reason}")


class CTReadError(DistiliqaError):
    """A file that should be a CT image cannot be read as one."""


class NotCTError(CTReadError):
    """A readable file that holds no axial CT image, such as a localizer, an MR or a report."""


class ModelFolderError(DistiliqaError):
    """A model folder lacks a file, or a file is not the one that was exported."""


class RecipeError(DistiliqaError):
    """A training recipe or a data set description is wrong."""
