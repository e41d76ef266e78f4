"""What commands print and notebooks show of a result: tables, lines, and a data frame."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from markupsafe import Markup
from rich.table import Column, Table
from rich.text import Text

from distiliqa.errors import one_line
from distiliqa.extras import require_extra
from distiliqa.terminal import screen

if TYPE_CHECKING:
    from pandas import DataFrame

Block: TypeAlias = Table | Text
_STYLES = {"bold": "font-weight: bold", "dim": "opacity: 0.7", "yellow": "font-style: italic"}


class Shown(ABC):
    """A result that a notebook shows as its command prints it."""

    @abstractmethod
    def _blocks(self) -> Iterable[Block]:
        """Give the tables and lines that the command prints, from top to bottom."""

    @abstractmethod
    def _rows(self) -> Iterable[Mapping[str, Any]]:
        """Give the rows of the CSV file of the command."""

    def _repr_html_(self) -> str:
        return as_html(self._blocks())

    def to_frame(self) -> DataFrame:
        """Give the rows of the CSV file of the command as a data frame.

        Returns
        -------
        pandas.DataFrame
            Columns and units are those of the file.

        Raises
        ------
        DistiliqaError
            pandas is not installed.
        """
        return frame(self._rows())


def print_blocks(blocks: Iterable[Block]) -> None:
    """Print tables and lines on the standard output."""
    console = screen()
    for block in blocks:
        console.print(block)


def frame(rows: Iterable[Mapping[str, Any]]) -> DataFrame:
    """Make a data frame of rows; several warnings become one text.

    Raises
    ------
    DistiliqaError
        pandas is not installed.
    """
    require_extra("notebook", ("pandas",), "data frames need")
    from pandas import DataFrame

    return DataFrame([{name: _cell(value) for name, value in row.items()} for row in rows])


def _cell(value: object) -> object:
    return "; ".join(map(str, value)) if isinstance(value, tuple) else value


def as_html(blocks: Iterable[Block]) -> str:
    """Write tables and lines as HTML, in the style that a notebook gives to its tables."""
    return Markup("\n").join(map(_block, blocks))


def _block(block: Block) -> Markup:
    if isinstance(block, Table):
        return _table(block)
    lines = filter(None, (line.strip() for line in block.plain.split("\n")))
    style = Markup(' style="{}; margin: 0"').format(_STYLES.get(str(block.style), ""))
    return Markup("\n").join(Markup("<p{}>{}</p>").format(style, one_line(line)) for line in lines)


def _table(table: Table) -> Markup:
    head = Markup("").join(_cells("th", table.columns, (one.header for one in table.columns)))
    rows = zip(*(column.cells for column in table.columns), strict=True)
    styles = [str(row.style or "") for row in table.rows]
    body = Markup("\n").join(
        Markup('<tr style="{}">{}</tr>').format(
            _STYLES.get(style, ""), Markup("").join(_cells("td", table.columns, row))
        )
        for style, row in zip(styles, rows, strict=True)
    )
    return Markup(
        '<table class="dataframe">\n<thead><tr>{}</tr></thead>\n<tbody>\n{}\n</tbody>\n</table>'
    ).format(head, body)


def _cells(tag: str, columns: Iterable[Column], cells: Iterable[Any]) -> Iterator[Markup]:
    """Cells of a row; a line break in the head of a column stays one."""
    for column, cell in zip(columns, cells, strict=True):
        lines = map(one_line, str(cell).split("\n"))
        yield Markup('<{0} style="text-align: {1}">{2}</{0}>').format(
            Markup(tag), column.justify, Markup("<br>").join(lines)
        )
