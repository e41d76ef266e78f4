"""A leaderboard on the screen."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from distiliqa.rank.leaderboard import Standing, known_measures, sentences, standings
from distiliqa.rank.result import RankedRun
from distiliqa.report.column import Column
from distiliqa.report.formatting import number_text
from distiliqa.report.notebook import Block
from distiliqa.terminal import screen


def print_ranks(run: RankedRun) -> None:
    """Print a leaderboard on the standard output, for people to read."""
    console = screen()
    for block in rank_blocks(run):
        console.print(block)


def rank_blocks(run: RankedRun) -> Iterator[Block]:
    """Tables and lines of a leaderboard: methods, sentences and notes."""
    columns = known_measures(run)
    table = Table(box=SIMPLE_HEAD)
    table.add_column("rank", justify="right")
    table.add_column("method")
    table.add_column("held", justify="right")
    for column in columns:
        table.add_column(column.head, justify="right")
    for place in standings(run):
        table.add_row(*_cells(place, columns))
    yield table
    first, *others = sentences(run)
    yield Text(f"  {first}", "bold")
    for sentence in others:
        yield Text(f"  {sentence}")
    for note in run.notes:
        yield Text(f"  {note}", "yellow")


def _cells(place: Standing, columns: list[Column]) -> tuple[str, ...]:
    figures = [place.figures.get(column.name) for column in columns]
    return (
        str(place.rank),
        place.method.name,
        "" if place.held is None else f"{100 * place.held:.0f} %",
        *(
            "" if figure is None else number_text(figure.mean, column.digits)
            for figure, column in zip(figures, columns, strict=True)
        ),
    )
