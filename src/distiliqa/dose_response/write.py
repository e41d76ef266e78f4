"""Quality against dose: a page, CSV, JSON and a table on the screen."""

from __future__ import annotations

from pathlib import Path

from distiliqa.dose_response.files import response_record, write_scores
from distiliqa.dose_response.page import write_html
from distiliqa.dose_response.result import DoseResponse
from distiliqa.dose_response.screen import print_response
from distiliqa.files import write_json

__all__ = ["print_response", "write_response"]


def write_response(found: DoseResponse, folder: Path) -> None:
    """Write ``dose-response.csv``, ``.json`` and ``.html``, each whole or not at all.

    Raises
    ------
    DistiliqaError : the disk is full or the folder cannot be written.
    """
    write_scores(folder / "dose-response.csv", found)
    write_json(folder / "dose-response.json", response_record(found))
    write_html(folder / "dose-response.html", found)
