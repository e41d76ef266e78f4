"""Tables of what a model must reach: figures, their bounds, and whether they are reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Row = dict[str, Any]

MISSED = "missed"


@dataclass(frozen=True)
class Section:
    """One aspect of a model.

    Attributes
    ----------
    title, about : what was measured, and on what.
    tables : rows that share their columns; the first column names what the row is about.
    """

    title: str
    about: str
    tables: tuple[Sequence[Row], ...]

    @property
    def missed(self) -> list[str]:
        """Names of the rows whose bound is missed."""
        rows = (row for table in self.tables for row in table)
        return [str(next(iter(row.values()))) for row in rows if row.get("verdict") == MISSED]

    def markdown(self) -> str:
        """A heading, what was measured, and the tables."""
        tables = (_markdown(table) for table in self.tables if table)
        return "\n\n".join((f"## {self.title}", self.about, *tables))


def bounded(
    value: float | None, *, at_least: float | None = None, at_most: float | None = None
) -> Row:
    """The columns ``bound`` and ``verdict``; a figure without a value has missed its bound."""
    if at_least is not None:
        return _judged(f"≥ {at_least:g}", value is not None and value >= at_least)
    if at_most is not None:
        return _judged(f"≤ {at_most:g}", value is not None and value <= at_most)
    return {"bound": None, "verdict": None}


def _judged(bound: str, reached: bool) -> Row:
    return {"bound": bound, "verdict": "reached" if reached else MISSED}


def compared(
    figure: str,
    images: int,
    model: float | None,
    noise_level: float | None,
    *,
    at_least: float | None = None,
) -> Row:
    """A row: a figure of the model beside that of the noise level, of which higher is better."""
    row = {"figure": figure, "n": images, "model": model, "GNL": noise_level}
    return row | bounded(model, at_least=at_least) | {"model to GNL": _order(model, noise_level)}


def _order(model: float | None, noise_level: float | None) -> str | None:
    if model is None or noise_level is None:
        return None
    return "equal" if model == noise_level else "above" if model > noise_level else "below"


def _markdown(rows: Sequence[Row]) -> str:
    lines = [list(rows[0]), ["---"] * len(rows[0])]
    lines += [[_cell(value) for value in row.values()] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.3f}" if isinstance(value, float) else str(value).replace("|", r"\|")
