"""Facts by which the people of a site find the scan of a series: number, date, protocol, station.

Number and time of day identify nobody without the date. The others may, and are shown only where
the user asks to identify.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from distiliqa.report.column import Column
from distiliqa.scoring.series_score import SeriesScore


def _stated(name: str, term: str, tag: str) -> Column:
    """A fact of the identification: the first that a slice states."""

    def take(series: SeriesScore) -> Any:
        facts = (getattr(slice_.info.identification, name) for slice_ in series.slices)
        return next((fact for fact in facts if fact is not None), None)

    return Column(name, "", None, f"{term}, DICOM {tag}.", take, "series", term)


OF_NOBODY = (
    _stated("series_number", "Series number", "(0020,0011)"),
    _stated("scan_time", "Time of day", "(0008,0032)"),
)
OF_PATIENT = (
    _stated("study_date", "Study date", "(0008,0020)"),
    _stated("protocol_name", "Protocol", "(0018,1030)"),
    _stated("series_description", "Series description", "(0008,103E)"),
    _stated("station", "Station", "(0008,1010)"),
    _stated("accession_number", "Accession number", "(0008,0050)"),
)


def scan_texts(series: SeriesScore, *, identify: bool) -> Iterator[tuple[str, str]]:
    """Term and fact of all that is stated; nothing unless the user asks to identify."""
    for column in (*OF_NOBODY, *OF_PATIENT) if identify else ():
        if found := column.text(series):
            yield column.term, found
