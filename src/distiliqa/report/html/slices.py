"""The table of the slices of one series."""

from __future__ import annotations

from collections.abc import Callable

from distiliqa.errors import one_line
from distiliqa.report.entry import Entry
from distiliqa.report.formatting import number_told
from distiliqa.report.html.notes import Notes, numbers_of
from distiliqa.report.page_blocks import Column, Row, filled
from distiliqa.scoring.result import Comparison, SliceScore

SCORES: dict[Column, Callable[[SliceScore], str]] = {
    Column("z", "position along the normal, mm", numeric=True): (
        lambda each: number_told(each.position_mm, 1)
    ),
    Column("Score", numeric=True): lambda each: f"{each.score:.2f}",
    Column("Low", "lower end of the interval", numeric=True): (
        lambda each: number_told(each.interval and each.interval[0], 2)
    ),
    Column("High", "upper end of the interval", numeric=True): (
        lambda each: number_told(each.interval and each.interval[1], 2)
    ),
    Column("Spread", "standard deviation of the model's outputs", numeric=True): (
        lambda each: number_told(each.spread, 2)
    ),
    Column("Distance", "from what the model was trained on; above 1 is outside", numeric=True): (
        lambda each: number_told(each.distance, 2)
    ),
    Column("GNL", "global noise level, HU", numeric=True): (
        lambda each: number_told(each.noise_hu, 1)
    ),
    Column("mAs", "exposure", numeric=True): (
        lambda each: number_told(each.acquisition.exposure_mas, 0)
    ),
    Column("SSIM", "against the reference, 1 is best", numeric=True): (
        lambda each: number_told(_compared(each).ssim, 3)
    ),
    Column("PSNR", "against the reference, dB", numeric=True): (
        lambda each: number_told(_compared(each).psnr, 1)
    ),
    Column("VIF", "against the reference, 1 is the reference", numeric=True): (
        lambda each: number_told(_compared(each).vif, 3)
    ),
    Column("GMSD", "against the reference, 0 is best", numeric=True): (
        lambda each: number_told(_compared(each).gmsd, 3)
    ),
    Column("Outside"): lambda each: "outside" if each.outside else "",
}


def slice_table(entry: Entry, notes: Notes, *, identify: bool) -> tuple[list[Column], list[Row]]:
    """One row a slice; columns that would be empty throughout are left out."""
    columns = [Column("Slice", numeric=True), Column("File"), *SCORES, Column("Notes")]
    rows = [
        Row(
            [
                str(n),
                one_line(each.path) if identify else "",
                *(text(each) for text in SCORES.values()),
                numbers_of(each.warnings, notes),
            ],
            id=entry.slice_id(n),
            mark="outside" if each.outside else "",
        )
        for n, each in enumerate(entry.series.slices, start=1)
    ]
    return filled(columns, rows)


def _compared(each: SliceScore) -> Comparison:
    return each.comparison or Comparison()
