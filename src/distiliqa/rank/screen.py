"""A leaderboard on the screen."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from distiliqa.rank.result import RankedRun
from distiliqa.rank.standings import Standing, known_measures, sentences, standings
from distiliqa.report.column import Column
from distiliqa.report.columns import COMPARED
from distiliqa.report.formatting import number_text
from distiliqa.report.mean_columns import SHORT_NAMES
from distiliqa.report.notebook import Block


def rank_blocks(run: RankedRun) -> Iterator[Block]:
    """Tables and lines of a leaderboard: methods, sentences and notes."""
    columns, places = known_measures(run), standings(run)
    yield _table("Method", places, [column for column in columns if column not in COMPARED])
    if against := [column for column in columns if column in COMPARED]:
        yield _table("Against the reference", places, against)
    first, *others = sentences(run)
    yield Text(f"  {first}", "bold")
    for sentence in others:
        yield Text(f"  {sentence}")
    for note in run.notes:
        yield Text(f"  {note}", "yellow")


def _table(first: str, places: list[Standing], columns: list[Column]) -> Table:
    table = Table(box=SIMPLE_HEAD)
    table.add_column("Rank", justify="right")
    table.add_column(first, overflow="fold")
    table.add_column("Held", justify="right", no_wrap=True)
    for column in columns:
        name = SHORT_NAMES.get(column.name, column.head.partition(",")[0])
        table.add_column(f"{name}\n{column.shown_unit}", justify="right", no_wrap=True)
    for place in places:
        held = "" if place.held is None else f"{100 * place.held:.0f} %"
        table.add_row(str(place.rank), place.method.name, held, *_cells(place, columns))
    return table


def _cells(place: Standing, columns: list[Column]) -> Iterator[str]:
    for column in columns:
        figure = place.figures.get(column.name)
        yield "" if figure is None else number_text(figure.mean, column.digits)
