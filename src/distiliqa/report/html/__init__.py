"""``report.html``: a scoring run as one page, to read at a glance, to click through, to print."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from distiliqa.report.html.overview import figures, measures_table, series_table, strip_plots
from distiliqa.report.html.section import section
from distiliqa.report.html.size_tables import size_block
from distiliqa.report.mean_columns import ABOUT_MEASURES
from distiliqa.report.names import Names
from distiliqa.report.page_blocks import notes_of, write_page
from distiliqa.report.pictures import LEGEND, Pictures, draw_pictures
from distiliqa.report.provenance import provenance
from distiliqa.report.series_entry import list_series, worst_first
from distiliqa.scoring.result import ScoringRun

__all__ = ["write_html"]


def write_html(
    path: Path,
    run: ScoringRun,
    *,
    identify: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Write the report of a run that scored at least one slice, whole or not at all.

    The files of a few slices of each series are read again for their pictures; where one has
    gone, the page says so.

    Parameters
    ----------
    identify : bool
        Name series by folder and UID and slices by file. Without it nothing that names a patient or
        a date is written: series are named by a hash of their UID, slices by number.
    progress : Callable[[int, int], None] or None
        Called as pictures are drawn with the number done and the number to do.

    Returns
    -------
    The pictures that were drawn, for another report of the run.

    Raises
    ------
    DistiliqaError
        The disk is full or the folder cannot be written.
    """
    names = Names.of(run, identify=identify)
    entries = worst_first(list_series(run, names), run.model.scale)
    notes = notes_of(run.series)
    pictures = draw_pictures(entries, run.model, progress)
    scale = run.model.scale
    write_page(
        path,
        "scores.html.j2",
        run.model,
        run=run,
        entries=entries,
        figures=figures(run, entries),
        table=series_table(entries, notes),
        measures=measures_table(entries),
        about_measures=ABOUT_MEASURES,
        sizes=size_block(entries, scale),
        strips=strip_plots(scale, entries, names),
        notes=list(notes.values()),
        sections=(
            section(scale, entry, names, notes, pictures) for entry in entries if entry.shown
        ),
        provenance=provenance(run, entries, names),
        legend=LEGEND,
        names=names,
    )
    return pictures
