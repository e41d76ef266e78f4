"""Two series compared: a page, CSV, JSON and a table on the screen."""

from __future__ import annotations

from pathlib import Path

from distiliqa.compare.files import comparison_record, write_pairs
from distiliqa.compare.page import write_html
from distiliqa.compare.run import PairedRun
from distiliqa.compare.screen import print_comparison
from distiliqa.files import write_json

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
