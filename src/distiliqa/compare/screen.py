"""A comparison on the screen."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from distiliqa.compare.difference_text import interval, p_value
from distiliqa.compare.findings import compared, findings
from distiliqa.compare.quantities import quantities
from distiliqa.compare.result import PairedRun
from distiliqa.compare.verdict import scope, verdict
from distiliqa.errors import one_line
from distiliqa.report.formatting import signed_text, slice_count
from distiliqa.report.notebook import Block
from distiliqa.statistics.paired_difference import Difference


def comparison_blocks(run: PairedRun) -> Iterator[Block]:
    """Tables and lines of a comparison: inputs, differences, verdict, findings and notes."""
    measured = quantities(run)
    table = Table(box=SIMPLE_HEAD)
    table.add_column("B minus A", no_wrap=True)
    for name in ("slices", "mean", "95 % interval", "effect, SD", "signed-rank test"):
        table.add_column(name, justify="right")
    for name, found, digits in compared(run, measured):
        table.add_row(name, *_cells(found, digits))
    first, second = (one_line(side.inputs[0]) for side in (run.first, run.second))
    yield Text(f"\n  A {first}\n  B {second}", "dim")
    yield table
    yield Text(f"  {verdict(run)}", "bold")
    said = findings(run, measured)
    for sentence in (*said, *([] if run.score.interval is None else [scope(run)])):
        yield Text(f"  {sentence}")
    alone = [len(slices) for slices in run.unmatched]
    if any(alone):
        counts = f"{slice_count(alone[0])} of A, {slice_count(alone[1])} of B"
        yield Text(f"  without a partner: {counts}")
    for note in run.notes:
        yield Text(f"  {note}", "yellow")


def _cells(found: Difference, digits: int) -> tuple[str, ...]:
    return (
        str(found.n),
        signed_text(found.mean, digits),
        interval(found, digits),
        "" if found.effect is None else f"{found.effect:+.2f}",
        p_value(found),
    )
