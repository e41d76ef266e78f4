"""A dose response on the screen."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from distiliqa.dose_response.answers import half_dose_text, lowest_text, measured_text, verdict
from distiliqa.dose_response.result import DoseResponse
from distiliqa.report.formatting import interval_text, number_text, slice_count
from distiliqa.report.notebook import Block
from distiliqa.scoring.hold_back import LOST_DETAIL


def response_blocks(found: DoseResponse) -> Iterator[Block]:
    """Tables and lines of a dose response: doses, verdict, and lowest doses."""
    table = Table(box=SIMPLE_HEAD)
    # Two lines where one is too wide for a screen of 80 columns.
    heads = (
        "Relative dose",
        "Mean score",
        "95 % interval",
        "Worst tenth",
        "Noise\nlevel, HU",
        "d'",
    )
    for name in heads:
        table.add_column(name, justify="right")
    for number, point in enumerate(found.points):
        table.add_row(
            f"{point.dose:g}",
            f"{point.mean:.2f}",
            interval_text(point.interval),
            f"{point.worst_tenth(found.model.scale):.2f}",
            number_text(found.noise_hu.at(number), 1),
            number_text(found.dprime.at(number), 1),
        )
    yield table
    if said := measured_text(found):
        yield Text(f"  {said}", "dim")
    yield Text(f"  {verdict(found)}", "bold")
    for basis in (*found.safest_first, *found.unjudged):
        yield Text(f"  lowest dose by the {basis.name}: {lowest_text(found, basis)}")
    if found.processed:
        warning = f"  {slice_count(found.processed)} at full dose: {LOST_DETAIL}"
        yield Text(warning, "yellow")
    yield Text(f"  score at half dose: {half_dose_text(found)}")
