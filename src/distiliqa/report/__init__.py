"""From scores to what people keep: a table, CSV and JSON."""

from __future__ import annotations

import os
from pathlib import Path

from distiliqa.errors import DistiliqaError
from distiliqa.files import make_folder, write_json
from distiliqa.report.csv import write_csv
from distiliqa.report.json import print_json, scores_record
from distiliqa.report.run import run_record
from distiliqa.report.table import print_scores
from distiliqa.scoring.result import ScoringRun

__all__ = ["check_folder", "print_json", "print_scores", "write_reports"]


def check_folder(folder: Path) -> None:
    """Raise `DistiliqaError` where ``folder`` cannot be written: before scoring, not after."""
    make_folder(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DistiliqaError(
            "cannot be written", path=folder, remedy="choose an output folder you may write to"
        )


def write_reports(run: ScoringRun, folder: Path) -> None:
    """Write ``scores.csv``, ``scores.json`` and ``run.json``, each whole or not at all.

    Raises
    ------
    DistiliqaError : the disk is full or the folder cannot be written.
    """
    write_csv(folder / "scores.csv", run.slices)
    write_json(folder / "scores.json", scores_record(run))
    write_json(folder / "run.json", run_record(run))
