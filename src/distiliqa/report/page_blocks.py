"""Blocks of HTML pages. A page is one file, which opens offline and fetches nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from distiliqa.files import write_text
from distiliqa.models.config import ModelConfig
from distiliqa.models.seen_faults import seen_by
from distiliqa.report.column import Column
from distiliqa.report.formatting import slice_count
from distiliqa.scoring.series_score import SeriesScore
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.version import __version__

_TEMPLATES = Environment(
    loader=PackageLoader("distiliqa.report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Heading(NamedTuple):
    """The head of a column, its meaning in one sentence, and whether the column is of numbers."""

    text: str
    meaning: str = ""
    numeric: bool = False


def headings(columns: Iterable[Column]) -> list[Heading]:
    """The heads of facts of the results."""
    return [
        Heading(column.head, column.meaning.replace("`", ""), column.digits is not None)
        for column in columns
    ]


class Cell(NamedTuple):
    """A cell with a link, a title that is shown under the pointer, and a mark: its classes."""

    text: str
    href: str = ""
    title: str = ""
    mark: str = ""


class Row(NamedTuple):
    """A row of a table: a cell for each column, the name that links lead to, and a mark.

    The words of ``mark`` are the row's classes: ``out-of-domain`` prints it in italics.
    """

    cells: Sequence[str | Cell]
    id: str = ""
    mark: str = ""


def filled(columns: Sequence[Heading], rows: Sequence[Row]) -> tuple[list[Heading], list[Row]]:
    """Columns and rows without the columns that are empty in all rows."""
    kept = [n for n in range(len(columns)) if any(row.cells[n] for row in rows)]
    return (
        [columns[n] for n in kept],
        [row._replace(cells=[row.cells[n] for n in kept]) for row in rows],
    )


def figure(text: str, small: str = "") -> Markup:
    """A figure in large print, followed by a note in small print."""
    return Markup("{} <small>{}</small>").format(text, small) if small else Markup.escape(text)


class Note(NamedTuple):
    """A warning, its number on the page, and where it holds: ``3 slices``, or ``1 series``."""

    number: int
    text: str
    where: str


Notes = dict[str, Note]


def notes_of(series: Iterable[SeriesScore]) -> Notes:
    """All warnings by their text: of series as a whole, then of slices from the most frequent."""
    series = list(series)
    whole = Counter(warning for one in series for warning in one.warnings)
    slices = count_warnings(slice_ for one in series for slice_ in one.slices)
    found = {text: f"{count} series" for text, count in whole.most_common()} | slices
    return {text: Note(n, text, where) for n, (text, where) in enumerate(found.items(), start=1)}


def count_warnings(slices: Iterable[SliceScore]) -> dict[str, str]:
    """Count the slices with each warning, the most frequent first."""
    counts = Counter(warning for slice_ in slices for warning in slice_.warnings)
    return {text: slice_count(count) for text, count in counts.most_common()}


def numbers_of(warnings: Iterable[str], notes: Notes) -> str:
    """The numbers of the notes of some warnings."""
    return ", ".join(map(str, sorted({notes[warning].number for warning in warnings})))


def write_page(path: Path, template: str, config: ModelConfig, **content: object) -> None:
    """Write a page, whole or not at all.

    Parameters
    ----------
    config : ModelConfig
        The model that scored; each page says in one line what it sees.
    template : str
        Name of a file in ``report/templates`` that extends ``base.html.j2``.
    content : object
        What the template names; text is escaped, `markupsafe.Markup` is not.

    Raises
    ------
    DistiliqaError
        The disk is full or the folder cannot be written.
    jinja2.UndefinedError : the template names what ``content`` lacks.
    """
    sees = seen_by(config.ladders)
    page = _TEMPLATES.get_template(template).render(version=__version__, sees=sees, **content)
    write_text(path, page)
