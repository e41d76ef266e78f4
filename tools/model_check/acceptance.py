"""Lines of the table: what was measured, its bound, and whether it is reached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from tools.markdown_table import markdown_table

Row = dict[str, Any]

OK, MISSED = "OK", "MISSED"
COLUMNS = ("what", "n", "value", "interval", "bound", "verdict", "GNL")


@dataclass(frozen=True)
class Section:
    """One item of the check.

    Attributes
    ----------
    title, about : what was measured, and on what.
    tables : rows that share their columns; the first column names what the row is about. A row with
        a bound is a line of the table of bounds, see `bounded`.
    """

    title: str
    about: str
    tables: Sequence[Sequence[Row]]

    @property
    def lines(self) -> list[Row]:
        """Rows that have a bound, in the columns of the table of bounds."""
        rows = (row for table in self.tables for row in table if row.get("verdict"))
        return [{"what": next(iter(row.values())), **_common(row)} for row in rows]

    @property
    def missed(self) -> list[str]:
        """Names of the lines whose bound is missed."""
        return [str(line["what"]) for line in self.lines if line["verdict"] == MISSED]

    def markdown(self) -> str:
        """A heading, what was measured, and the tables."""
        tables = (table_of(table) for table in self.tables if table)
        return "\n\n".join((f"## {self.title}", self.about, *tables))

    def as_json(self) -> dict[str, Any]:
        """Content for a file; ``Section(**content)`` is the section again."""
        return asdict(self)


def _common(row: Row) -> Row:
    return {name: row.get(name) for name in COLUMNS[1:]}


def line(
    what: str,
    count: int,
    value: float | None,
    *,
    at_least: float | None = None,
    at_most: float | None = None,
    interval: tuple[float, float] | None = None,
    noise_level: float | None = None,
) -> Row:
    """A line of the table of bounds.

    Parameters
    ----------
    count : of the images, pairs or slices behind the value.
    interval : of the value, 95 %.
    noise_level : what the global noise level (GNL) reaches in place of the score.
    """
    row = {"what": what, "n": count, **bounded(value, at_least=at_least, at_most=at_most)}
    return row | {"interval": interval, "GNL": noise_level}


def bounded(
    value: float | None, *, at_least: float | None = None, at_most: float | None = None
) -> Row:
    """Columns ``value``, ``bound`` and ``verdict``; a bound without a value is missed."""
    if at_least is None and at_most is None:
        return {"value": value, "bound": None, "verdict": None}
    low = value is not None and (at_least is None or value >= at_least)
    reached = low and (at_most is None or (value is not None and value <= at_most))
    if at_least is not None and at_most is not None:
        bound = f"{at_least:g} to {at_most:g}"
    else:
        bound = f"≥ {at_least:g}" if at_least is not None else f"≤ {at_most:g}"
    return {"value": value, "bound": bound, "verdict": OK if reached else MISSED}


def beside_noise_level(sections: Sequence[Section]) -> Section:
    """The noise level must rank images better than the score in no line."""
    known = [
        found
        for section in sections
        for found in section.lines
        if found["GNL"] is not None and found["value"] is not None
    ]
    above = [str(found["what"]) for found in known if found["GNL"] > found["value"]]
    count = line("lines in which the noise level is above", len(known), len(above), at_most=0)
    about = f"It is above in: {'; '.join(above) or 'none'}."
    return Section("Noise level in place of the score", about, ([count],))


def table_of_bounds(sections: Sequence[Section]) -> str:
    """All lines with a bound, in Markdown."""
    lines = [line for section in sections for line in section.lines]
    return table_of(lines) if lines else "No line has a bound."


def table_of(rows: Sequence[Row]) -> str:
    """Rows in Markdown; columns that are empty everywhere are left out."""
    names = [name for name in rows[0] if any(row.get(name) is not None for row in rows)]
    return markdown_table(names, _cells(rows, names))


def _cells(rows: Sequence[Row], names: Sequence[str]) -> Iterator[list[str]]:
    for row in rows:
        yield [_cell(row.get(name)) for name in names]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, tuple | list):
        return " to ".join(_cell(part) for part in value)
    return f"{value:.3f}" if isinstance(value, float) else str(value).replace("|", r"\|")
