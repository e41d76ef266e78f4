"""A calibration on the screen."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from distiliqa.calibrate.result import MAP, MEDIAN, Calibration
from distiliqa.report.formatting import interval_text, number_text
from distiliqa.statistics.group_bootstrap import FigureDifference
from distiliqa.terminal import screen


def print_calibration(found: Calibration) -> None:
    """Print the errors on patients left out, for people to read."""
    table = Table(box=SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for heading in ("error", "95 % interval", "map minus", "95 % interval", "srocc"):
        table.add_column(heading, justify="right", no_wrap=True)
    for name in found.predicted:
        figures, bounds = found.agreement(name), found.errors[name].bounds["mae"]
        # The medians of other patients fall as a patient's own ratings rise, by construction.
        ranks = None if name == MEDIAN else figures.signed_srocc
        cells = _difference(None if name == MAP else found.differences[name])
        table.add_row(
            name, f"{figures.mae:.3f}", interval_text(bounds, 3), *cells, number_text(ranks, 3)
        )
    console, used = screen(), found.score_map
    console.print(table)
    console.print(
        Text(
            f"  mean absolute error on patients left out: {used.images} ratings of {used.cases} "
            f"patients, {found.scale.low:g} to {found.scale.high:g}"
        )
    )
    for note in found.notes:
        console.print(Text(f"  note: {note}", "yellow"))


def _difference(found: FigureDifference | None) -> tuple[str, str]:
    if found is None or found.value is None:
        return "", ""
    return f"{found.value:+.3f}", interval_text(found.interval, 3)
