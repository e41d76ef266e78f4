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
        There are no scores, the disk is full, the folder cannot be written, or it is unknown which
        run wrote the results in it.
    TypeError
        ``scores`` is something else, such as a path.

    Examples
    --------
    >>> scores = distiliqa.score("scan")
    >>> distiliqa.report(scores, "results")
    """
    from distiliqa.report.csv import write_csv
    from distiliqa.report.former_results import FILES, RECORD, check_former, remove_former
    from distiliqa.report.html import write_html
    from distiliqa.report.json import run_record, scores_record
    from distiliqa.report.scores import run_of
    from distiliqa.report.series_csv import write_series_csv

    run, folder = run_of(scores), Path(folder)
    if not run.slices:
        raise DistiliqaError("no scores to report", remedy="give those of one slice or more")
    check_former(folder)
    remove_former(folder)
    write_csv(folder / SCORES_CSV, run.slices)
    write_series_csv(folder / SERIES_CSV, run, identify=identify)
    write_json(folder / SCORES_JSON, scores_record(run))
    files = [SCORES_CSV, SERIES_CSV, SCORES_JSON, REPORT, *more_files]
    write_json(folder / RECORD, run_record(run, identify=identify) | {FILES: files})
    return write_html(folder / REPORT, run, identify=identify, progress=progress)
