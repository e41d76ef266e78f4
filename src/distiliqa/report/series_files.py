"""Results with one file for each series, whose name identifies nobody."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from distiliqa.ct import Problem
from distiliqa.report.each_file import cannot_make
from distiliqa.report.former_results import remove_result
from distiliqa.report.names import file_names
from distiliqa.scoring.inputs import problem_of
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore


class SeriesFiles(NamedTuple):
    """The files that were written, and why series have none."""

    written: list[Path]
    missing: list[Problem]


def write_each_series(
    run: ScoringRun, folder: Path, suffix: str, write: Callable[[Path, SeriesScore], None]
) -> SeriesFiles:
    """Write one file a series, ``folder/<short hash of the series><suffix>``.

    A file of an earlier run with that name is removed first.

    Parameters
    ----------
    write : Callable[[Path, SeriesScore], None]
        ``write(path, series)``; one that raises does not stop the others.
    """
    files = SeriesFiles([], [])
    for name, series in zip(file_names(run), run.series, strict=True):
        path = folder / f"{name}{suffix}"
        try:
            remove_result(path)
            with np.errstate(all="ignore"):  # results of extreme numbers are checked, not printed
                write(path, series)
        except Exception as error:  # the files of other series are still made
            files.missing.append(problem_of(cannot_make(error), series.series))
        else:
            files.written.append(path)
    return files
