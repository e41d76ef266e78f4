"""Two series compared: a page, CSV, JSON and a table on the screen."""

from __future__ import annotations

from pathlib import Path

from distiliqa.comparison.run import PairedRun
from distiliqa.files import write_json
from distiliqa.report.comparison.page import write_html
from distiliqa.report.comparison.record import comparison_record, write_pairs
from distiliqa.report.comparison.screen import print_comparison

__all__ = ["print_comparison", "write_comparison"]


def write_comparison(run: PairedRun, folder: Path, *, identify: bool = False) -> None:
    """Write ``compare.csv``, ``compare.json`` and ``compare.html``, each whole or not at all.

    Parameters
    ----------
    identify : name series and files on the page too, which may name a patient.

    Raises
    ------
    DistiliqaError : the disk is full or the folder cannot be written.
    """
    write_pairs(folder / "compare.csv", run)
    write_json(folder / "compare.json", comparison_record(run))
    write_html(folder / "compare.html", run, identify=identify)
