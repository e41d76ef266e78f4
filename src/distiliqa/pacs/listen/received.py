"""What a listener has received: a file of one row a series, and a page that lists them.

    FOLDER/received.csv     one row each time that a series left the queue
    FOLDER/received.html    the latest of them, with links to their reports

Neither has a name of a patient, a UID or a path.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path
from statistics import fmean

from distiliqa.errors import DistiliqaError
from distiliqa.models.config import ModelConfig
from distiliqa.report.columns import slice_columns
from distiliqa.report.csv import write_table
from distiliqa.report.formatting import number_text
from distiliqa.report.mean_columns import known_values
from distiliqa.report.page_blocks import Cell, Heading, Row, write_page
from distiliqa.report.several_models import several_models
from distiliqa.scoring.result import ScoringRun
from distiliqa.scoring.series_score import SeriesScore

MAX_ROWS = 10_000  # some years of one scanner; older ones are dropped
MAX_SHOWN = 500
SCORED, UNCHANGED = "scored", "sent again without a change"

_MEASURES = slice_columns("noise_hu", "mtf50_per_mm", "dw_mm", "ctdivol_mgy", "ssde_mgy")
_FACTS = ("received", "name", "outcome", "images", "scored", "failed", "score")
_COLUMNS = (*_FACTS, *(column.name for column in _MEASURES), "warnings", "model")
_HEADINGS = (
    Heading("Done", "When it left the queue, UTC."),
    Heading("Series", "The first eight digits of the SHA-256 of its UID."),
    Heading("Outcome"),
    Heading("Images", "Number of objects that were received.", numeric=True),
    Heading("Scored", "Number of scored slices.", numeric=True),
    Heading("Failed", "Images that could not be scored.", numeric=True),
    Heading("Score", numeric=True),
    *(Heading(column.head, numeric=True) for column in _MEASURES),
    Heading("Warnings", numeric=True),
    Heading("Model", "What scored it; empty in rows of versions that did not record it."),
)


class Received:
    """The record of a listener.

    Parameters
    ----------
    folder : Path
        The folder of the listener.
    model : ModelConfig
        The model that scores, for the page.
    """

    def __init__(self, folder: Path, model: ModelConfig) -> None:
        self._table, self._page = folder / "received.csv", folder / "received.html"
        self._model = model
        self._rows = _read(self._table)
        self._draw()

    def add(self, name: str, outcome: str, images: int, run: ScoringRun | None = None) -> None:
        """Record a series that left the queue, and draw the page again.

        Parameters
        ----------
        name : str
            Name of the folder of its results.
        outcome : str
            `SCORED`, `UNCHANGED`, or why it was not scored.
        images : int
            Number of its objects.
        run : ScoringRun or None
            Its scores; None where it has none.

        Raises
        ------
        DistiliqaError
            The disk is full, or the folder cannot be written.
        """
        now = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M")
        facts = {"received": now, "name": name, "outcome": outcome, "images": str(images)}
        self._rows = [*self._rows, facts | ({} if run is None else _scores(run))][-MAX_ROWS:]
        write_table(self._table, _COLUMNS, self._rows)
        self._draw()

    def _draw(self) -> None:
        latest = self._rows[: -MAX_SHOWN - 1 : -1]
        write_page(
            self._page,
            "received.html.j2",
            self._model,
            model=self._model,
            columns=_HEADINGS,
            rows=[_row(facts, self._page.parent) for facts in latest],
            several=several_models(
                facts.get("model", "") for facts in latest if facts.get("score")
            ),
            count=len(self._rows),
        )


def _scores(run: ScoringRun) -> dict[str, str]:
    """The numbers of a run; means over its series, of which it has one as a rule."""
    warnings = {text for series in run.series for text in series.all_warnings}
    return {
        "scored": str(len(run.slices)),
        "failed": str(len(run.failed)),
        "score": number_text(fmean(series.score for series in run.series), 3),
        **{column.name: _mean(run.series, column.name) for column in _MEASURES},
        "warnings": str(len(warnings)),
        "model": run.model.title,
    }


def _mean(series: Sequence[SeriesScore], name: str) -> str:
    (column,) = slice_columns(name)
    found = [value for one in series for value in known_values(one, column)]
    return number_text(fmean(found), column.digits) if found else ""


def _row(facts: dict[str, str], folder: Path) -> Row:
    name = facts.get("name", "")
    has_report = (folder / "results" / name / "report.html").exists()
    link = Cell(name, f"results/{name}/report.html") if has_report else name
    received, _, *others = (facts.get(column) or "" for column in _COLUMNS)
    return Row((received, link, *others))


def _read(path: Path) -> list[dict[str, str]]:
    """The rows of an earlier start; columns that it lacks are empty."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
            found = [row for row in csv.DictReader(file) if row.get("name")]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, csv.Error) as error:
        raise DistiliqaError(
            f"cannot be read ({error})", path=path, remedy="move it away; results stay"
        ) from error
    return [{column: row.get(column) or "" for column in _COLUMNS} for row in found]
