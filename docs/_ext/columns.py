"""The reference of the result columns, in Markdown, from the tables of the code."""

from __future__ import annotations

from collections.abc import Iterable

from distiliqa.monitor.schema import SCHEMA, VIEW
from distiliqa.report.column import Column
from distiliqa.report.columns import BESIDES, COMPARED, SCORES_CSV, SERIES
from distiliqa.report.series_csv import IDENTIFYING, columns_of_series_csv


def columns_of_scores_csv() -> str:
    """Give a row for each column, in the order of the file."""
    return _table(SCORES_CSV)


def columns_with_a_reference() -> str:
    """Name the columns that need a reference."""
    return ", ".join(f"`{column.name}`" for column in COMPARED)


def columns_besides() -> str:
    """Give a row for each fact of a slice that ``scores.csv`` lacks."""
    return _table(BESIDES)


def columns_of_the_series_table() -> str:
    """Give a row for each column of ``series.csv`` that is there without an option."""
    return _table(columns_of_series_csv(identify=False, compared=False))


def identifying_columns() -> str:
    """Give a row for each column of ``series.csv`` that may identify a patient."""
    return _table(IDENTIFYING)


def columns_of_series() -> str:
    """Give a row for each fact of a series."""
    return _table(SERIES)


def _table(columns: Iterable[Column]) -> str:
    lines = ["| column | unit | meaning |", "|---|---|---|"]
    lines += [f"| `{column.name}` | {column.unit} | {column.meaning} |" for column in columns]
    return "\n".join(lines)


def tables_of_monitor() -> str:
    """Give the schema of the database with its comments."""
    return f"```sql\n{SCHEMA.strip()}\n{VIEW.strip()}\n```"
