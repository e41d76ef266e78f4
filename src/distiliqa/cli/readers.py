"""``distiliqa readers``: how well the readers of a rating study agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from distiliqa.cli.options import ReaderNames, ScaleOption, Standardize, scale_of
from distiliqa.terminal import say, screen

if TYPE_CHECKING:
    from rich.table import Table

    from distiliqa.readers.reader_agreement import ReaderAgreement

SUMMARY = "readers.json"


def readers(
    ratings: Annotated[
        Path, typer.Argument(metavar="RATINGS", help="CSV or JSON, one column a reader.")
    ],
    names: ReaderNames = None,
    scale: ScaleOption = None,
    standardize: Standardize = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="DIR", help="Write readers.json here.")
    ] = None,
) -> None:
    """Measure how well readers agree: intraclass correlations and weighted kappa, with intervals.

    Also the ceiling that their own noise sets: the best correlation and the least error that any
    model can reach on their mean rating. No image is read.
    """
    from distiliqa.readers.rating_table import read_table
    from distiliqa.readers.reader_agreement import reader_agreement
    from distiliqa.readers.reader_scales import mean_ratings

    limits = scale_of(scale)
    table = read_table(ratings, readers=names or (), scale=limits, of_first=standardize)
    mean = mean_ratings(table, scale=limits, standardize=standardize)
    found = reader_agreement(mean.table)
    if out is not None:
        from distiliqa.files import sha256, write_json
        from distiliqa.version import __version__

        settings = {"readers": names, "scale": limits, "standardize": standardize}
        inputs = {str(ratings): sha256(ratings)}
        facts = {"distiliqa": __version__, "settings": settings, "inputs": inputs}
        write_json(out / SUMMARY, facts | found.as_dict() | {"notes": mean.notes})
    screen().print(_table(found))
    for line in (*reason_lines(found), *ceiling_lines(found)):
        say(line)
    for note in mean.notes:
        say(f"note: {note}", err=True)


def _table(found: ReaderAgreement) -> Table:
    from rich.table import Table

    table = Table(title=f"{len(found.readers)} readers, {found.images} images rated by all")
    table.add_column("measure")
    for column in ("also called", "value", "95 % interval"):
        table.add_column(column, justify="right")
    for form in found.intraclass:
        value = "-" if form.value is None else f"{form.value:.3f}"
        table.add_row(form.name, form.also, value, _interval(form.interval))
    for pair, kappa in found.kappa.items():
        cells = ("-", "-")
        if kappa is not None:
            cells = (f"{kappa.value:.3f}", _interval(kappa.interval))
        table.add_row(f"weighted kappa, {pair[0]} and {pair[1]}", "quadratic", *cells)
    return table


def _interval(found: tuple[float, float] | None) -> str:
    from distiliqa.report.formatting import interval_text

    return interval_text(found, 3, none="-")


def reason_lines(found: ReaderAgreement) -> list[str]:
    """Why forms have no value or no interval, a line each reason."""
    reasons: dict[str, list[str]] = {}
    for form in found.intraclass:
        if form.reason is not None:
            reasons.setdefault(form.reason, []).append(form.name)
    return [f"not defined: {', '.join(names)}: {reason}" for reason, names in reasons.items()]


def ceiling_lines(found: ReaderAgreement) -> list[str]:
    """What the readers' own noise allows, in words."""
    one = found.one_reader
    correlation, ceiling = (
        "-" if value is None else f"{value:.3f}" for value in (one.plcc, found.max_plcc)
    )
    return [
        f"ceiling by the noise of {len(found.readers)} readers: plcc {ceiling}, "
        f"rmse {found.noise:.3f}",
        f"one reader against the mean of the others: plcc {correlation}, mae {one.mae:.3f}",
    ]
