"""Put into a page what is generated from the code.

The line ``<!-- generated: NAME -->`` or ``<!-- generated: NAME, ARGUMENT -->`` marks the place.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sphinx.application import Sphinx

from columns import (
    columns_besides,
    columns_of_scores_csv,
    columns_of_series,
    columns_of_the_series_table,
    columns_with_a_reference,
    identifying_columns,
    tables_of_monitor,
)
from commands import commands
from comparison import comparison
from names import names
from processing_kinds import kinds_of_processing

GENERATORS: dict[str, Callable[..., str]] = {
    "columns besides": columns_besides,
    "columns of a series": columns_of_series,
    "columns of scores.csv": columns_of_scores_csv,
    "columns of series.csv": columns_of_the_series_table,
    "columns with a reference": columns_with_a_reference,
    "commands": commands,
    "comparison": comparison,
    "identifying columns": identifying_columns,
    "kinds of processing": kinds_of_processing,
    "names": names,
    "tables of monitor.sqlite": tables_of_monitor,
}
_MARK = re.compile(r"^<!-- generated: (.+) -->$", re.MULTILINE)


def _fill(app: Sphinx, name: str, source: list[str]) -> None:
    source[0] = _MARK.sub(_generated, source[0])


def _generated(mark: re.Match[str]) -> str:
    name, *arguments = mark[1].split(", ")
    return GENERATORS[name](*arguments)


def setup(app: Sphinx) -> dict[str, bool]:
    """Fill pages as they are read."""
    app.connect("source-read", _fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
