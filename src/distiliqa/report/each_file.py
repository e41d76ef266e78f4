"""Files of results, written one by one: one that cannot be written does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError


def write_files(writers: Mapping[Path, Callable[[Path], object]]) -> dict[Path, Exception]:
    """Write files, each by its own function, and return what those raised that failed.

    A full disk may have room for a small file, and a limit on the size of files concerns large ones
    alone.

    Parameters
    ----------
    writers : by the path of the file, which the function takes.
    """
    errors: dict[Path, Exception] = {}
    for path, write in writers.items():
        try:
            write(path)
        except Exception as error:  # results of extreme numbers make libraries raise many kinds
            errors[path] = error
    return errors


def unwritten(errors: Mapping[Path, Exception]) -> list[Problem]:
    """The files that `write_files` could not write, with the reason in one line."""
    return [Problem(str(path), cannot_make(error).reason) for path, error in errors.items()]


def cannot_make(error: Exception) -> DistiliqaError:
    """An error of one file as a `DistiliqaError`."""
    if isinstance(error, DistiliqaError):
        return error
    return DistiliqaError(
        f"cannot be made ({type(error).__name__}: {error})", remedy="the other files are"
    )
