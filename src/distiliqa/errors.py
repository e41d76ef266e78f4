"""Errors that a user can act on: one line that names the file, the problem and the remedy."""

from __future__ import annotations

from os import PathLike


class DistiliqaError(Exception):
    """Something the user can put right. The text is one line: ``path: problem; remedy``.

    Parameters
    ----------
    problem : what is wrong.
    path : the file or folder it is wrong with, if there is one.
    remedy : what to do about it.
    """

    def __init__(
        self, problem: str, *, path: str | PathLike[str] | None = None, remedy: str | None = None
    ) -> None:
        self.problem, self.path, self.remedy = problem, path, remedy
        line = problem if remedy is None else f"{problem}; {remedy}"
        super().__init__(" ".join((line if path is None else f"{path}: {line}").split()))


class CTReadError(DistiliqaError):
    """A file that should be a CT image cannot be read as one."""


class NotCTError(CTReadError):
    """A readable file that holds no axial CT image, such as a localizer, an MR or a report."""


class ModelFolderError(DistiliqaError):
    """A model folder lacks a file, or a file is not the one that was exported."""


class RecipeError(DistiliqaError):
    """A training recipe or a data set description is wrong."""
