"""Results with a file of their own for each series, named without saying whose it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from distiliqa.ct import Problem
from distiliqa.errors import DistiliqaError
from distiliqa.report.names import Names
from distiliqa.scoring.inputs import problem_of
from distiliqa.scoring.result import ScoringRun, SeriesScore


def write_each_series(
    run: ScoringRun, folder: Path, suffix: str, write: Callable[[Path, SeriesScore], None]
) -> list[Problem]:
    """Write one file a series, ``folder/<short hash of the series><suffix>``.

    Parameters
    ----------
    write : ``write(path, series)``; one that raises `DistiliqaError` does not stop the others.

    Returns
    -------
    The series that have no file, and why.
    """
    problems = []
    names = Names.of(run, identify=False).series
    for name, series in zip(names, run.series, strict=True):
        try:
            write(folder / f"{name}{suffix}", series)
        except DistiliqaError as error:
            problems.append(problem_of(error, series.series))
    return problems
