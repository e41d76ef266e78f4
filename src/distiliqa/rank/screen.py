"""A leaderboard on the screen."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from distiliqa.rank.leaderboard import Standing, known_measures, sentences, standings
from distiliqa.rank.result import RankedRun
from distiliqa.report.column import Column
from distiliqa.report.formatting import number_text
from distiliqa.terminal import screen


def print_ranks(run: RankedRun) -> None:
    """Print a leaderboard on the standard output, for people to read."""
    console, columns = screen(), known_measures(run)
    table = Table(box=SIMPLE_HEAD)
    table.add_column("rank", justify="right")
    table.add_column("method")
    table.add_column("held", justify="right")
    for column in columns:
        table.add_column(column.head, justify="right")
    for place in standings(run):
        table.add_row(*_cells(place, columns))
    console.print(table)
    first, *others = sentences(run)
    console.print(Text(f"  {first}", "bold"))
    for sentence in others:
        console.print(Text(f"  {sentence}"))
    for note in run.notes:
        console.print(Text(f"  {note}", "yellow"))


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
