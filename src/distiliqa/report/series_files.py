"""Results with a file of their own for each series, named without saying whose it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.files import cannot_write
from distiliqa.report.names import Names
from distiliqa.scoring.inputs import problem_of
from distiliqa.scoring.result import ScoringRun, SeriesScore


class SeriesFiles(NamedTuple):
    """The files that were written, and why series have none."""

    written: list[Path]
    missing: list[Problem]


def write_each_series(
    run: ScoringRun, folder: Path, suffix: str, write: Callable[[Path, SeriesScore], None]
) -> SeriesFiles:
    """Write one file a series, ``folder/<short hash of the series><suffix>``.

    What an earlier run left under that name is removed first: it is of other scores.

    Parameters
    ----------
    write : ``write(path, series)``; one that raises `DistiliqaError` does not stop the others.
    """
    files = SeriesFiles([], [])
    names = Names.of(run, identify=False).series
    for name, series in zip(names, run.series, strict=True):
        path = folder / f"{name}{suffix}"
        try:
            _remove(path)
            write(path, series)
        except DistiliqaError as error:
            files.missing.append(problem_of(error, series.series))
        else:
            files.written.append(path)
    return files


def _remove(path: Path) -> None:
    try:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    except OSError as error:
        raise cannot_write(path, error) from error
