"""The files of a run: CSV, JSON and an HTML page.

Their modules are imported when a file is written, so that a first score does not wait for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder, write_json

if TYPE_CHECKING:
    from distiliqa.report.pictures import Pictures
    from distiliqa.report.scores import Scores
    from distiliqa.scoring.result import ScoringRun

REPORT, SCORES_CSV, SCORES_JSON = "report.html", "scores.csv", "scores.json"
SERIES_CSV = "series.csv"
RESULTS = (SCORES_CSV, SERIES_CSV, SCORES_JSON, REPORT)

__all__ = ["REPORT", "check_folder", "report"]


def check_folder(folder: Path) -> None:
    """Raise `DistiliqaError` where ``folder`` cannot be written: before scoring, not after."""
    make_folder(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DistiliqaError(
            "cannot be written", path=folder, remedy="choose an output folder you may write to"
        )


def report(
    scores: Scores | ScoringRun,
    folder: str | Path,
    *,
    identify: bool = False,
    more_files: Iterable[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Write scores and their report into a folder, as ``distiliqa score --out`` does.

    These are ``scores.csv``, ``series.csv``, ``scores.json``, ``run.json`` and ``report.html``,
    each whole or not at all. The results of an earlier run in the folder are removed first, as they
    may be of another patient. A page of scores of arrays has no pictures: their pixels are not
    kept.

    Parameters
    ----------
    scores : Scores or ScoringRun
        What `distiliqa.score` returned.
    folder : str or Path
        Folder to write to. It is made where it is not there.
    identify : bool
        Name series by folder and UID and slices by file, which may identify a patient.
    more_files : Iterable[str]
        What else the run writes into the folder, by the paths in it: ``run.json`` lists it, so that
        the next run can remove it.
    progress : Callable[[int, int], None] or None
        Called as pictures are drawn with the number done and the number to do.

    Returns
    -------
    dict[tuple[str, int], Picture]
        The pictures of the page by path and frame, for another report of the run.

    Raises
    ------
    DistiliqaError
        There are no scores, it is unknown which run wrote the results in the folder, or a file
        cannot be written, such as on a full disk; the others are written first.
    TypeError
        ``scores`` is something else, such as a path.

    Examples
    --------
    >>> scores = distiliqa.score("scan")
    >>> distiliqa.report(scores, "results")
    """
    from distiliqa.report.scores import run_of

    run = run_of(scores)
    if not run.slices:
        raise DistiliqaError("no scores to report", remedy="give those of one slice or more")
    pictures, errors = write_results(
        run, Path(folder), identify=identify, more_files=more_files, progress=progress
    )
    for error in errors.values():
        raise error
    return pictures


def write_results(
    run: ScoringRun,
    folder: Path,
    *,
    identify: bool,
    more_files: Iterable[str],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Pictures, dict[Path, Exception]]:
    """Write the files of `report`; returns the pictures, and why files could not be written.

    Raises
    ------
    DistiliqaError : the results of an earlier run cannot be removed; nothing was written.
    """
    from distiliqa.report.csv import write_csv
    from distiliqa.report.each_file import write_files
    from distiliqa.report.former_results import FILES, RECORD, check_former, remove_former
    from distiliqa.report.html import write_html
    from distiliqa.report.json import run_record, scores_record
    from distiliqa.report.series_csv import write_series_csv

    check_former(folder)
    remove_former(folder)
    pictures: Pictures = {}
    record = {FILES: [*RESULTS, *more_files]}

    def write_page(path: Path) -> None:
        pictures.update(write_html(path, run, identify=identify, progress=progress))

    writers: dict[Path, Callable[[Path], object]] = {
        folder / SCORES_CSV: lambda path: write_csv(path, run.slices),
        folder / SERIES_CSV: lambda path: write_series_csv(path, run, identify=identify),
        folder / SCORES_JSON: lambda path: write_json(path, scores_record(run)),
        folder / RECORD: lambda path: write_json(path, run_record(run, identify=identify) | record),
        folder / REPORT: write_page,
    }
    return pictures, write_files(writers)
