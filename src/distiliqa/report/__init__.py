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
    from distiliqa.scoring.result import ScoringRun

REPORT, SCORES_CSV, SCORES_JSON = "report.html", "scores.csv", "scores.json"
SERIES_CSV = "series.csv"

__all__ = ["REPORT", "check_folder", "write_reports"]


def check_folder(folder: Path) -> None:
    """Raise `DistiliqaError` where ``folder`` cannot be written: before scoring, not after."""
    make_folder(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DistiliqaError(
            "cannot be written", path=folder, remedy="choose an output folder you may write to"
        )


def write_reports(
    run: ScoringRun,
    folder: Path,
    *,
    identify: bool = False,
    more_files: Iterable[str] = (),
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Write the scores and the report of a run, each file whole or not at all.

    These are ``scores.csv``, ``series.csv``, ``scores.json``, ``run.json`` and ``report.html``.

    Parameters
    ----------
    more_files : Iterable[str]
        What else the run writes into the folder, by the paths in it: ``run.json`` lists it, so that
        the next run can remove it.
    identify : for the page, see `distiliqa.report.html.write_html`; ``series.csv``; ``run.json``.
    progress : for the page.

    Returns
    -------
    The pictures of the page, for another report of the run.

    Raises
    ------
    DistiliqaError
        The disk is full or the folder cannot be written.
    """
    from distiliqa.report.csv import write_csv
    from distiliqa.report.former import FILES, RECORD
    from distiliqa.report.html import write_html
    from distiliqa.report.json import run_record, scores_record
    from distiliqa.report.series_csv import write_series_csv

    write_csv(folder / SCORES_CSV, run.slices)
    write_series_csv(folder / SERIES_CSV, run, identify=identify)
    write_json(folder / SCORES_JSON, scores_record(run))
    files = [SCORES_CSV, SERIES_CSV, SCORES_JSON, REPORT, *more_files]
    write_json(folder / RECORD, run_record(run, identify=identify) | {FILES: files})
    return write_html(folder / REPORT, run, identify=identify, progress=progress)
