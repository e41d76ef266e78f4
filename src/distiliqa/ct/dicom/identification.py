"""Facts in the tags of a slice by which people of a site find its scan; they may identify."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from pydicom.dataset import Dataset

from distiliqa.ct.dicom.tags import MAX_LABEL, number, raw_text, text
from distiliqa.ct.header_facts import Identification
from distiliqa.errors import one_line, shortened

# All tags that this module reads, so that an index can skip the others.
IDENTIFICATION_KEYWORDS = (
    "StudyDate",
    "AcquisitionDateTime",
    "AcquisitionDate",
    "AcquisitionTime",
    "ProtocolName",
    "SeriesDescription",
    "SeriesNumber",
    "StationName",
    "AccessionNumber",
    "IrradiationEventUID",
)

# Anonymizers write 00010101 or 19000101 where they remove a date. Dates that they shift lie later.
MIN_YEAR = 1901
# By the number of digits: times may lack seconds and minutes (PS3.5, 6.2).
_DATES = {8: "%Y%m%d"}
_TIMES = {2: "%H", 4: "%H%M", 6: "%H%M%S"}


def read_identification(dataset: Dataset) -> Identification:
    """Read what names the scan of a slice; None where it is absent or no date, time or number."""
    series_number = number(dataset, "SeriesNumber")
    return Identification(
        study_date=_date(raw_text(dataset, "StudyDate")),
        scan_time=_scan_time(dataset),
        protocol_name=text(dataset, "ProtocolName", MAX_LABEL),
        series_description=text(dataset, "SeriesDescription", MAX_LABEL),
        series_number=None if series_number is None else int(series_number),
        station=text(dataset, "StationName", MAX_LABEL),
        accession_number=text(dataset, "AccessionNumber", MAX_LABEL),
        scan_date=_scan_date(dataset),
    )


def read_event_uids(dataset: Dataset) -> tuple[str, ...]:
    """Read the irradiation events that a slice was made from (0008,3010); empty for none."""
    parts = (raw_text(dataset, "IrradiationEventUID") or "").split("\\")
    return tuple(one_line(shortened(part, MAX_LABEL)) for part in parts if part)


def _scan_date(dataset: Dataset) -> str | None:
    """Date of the acquisition: of a study that begins before midnight it may be the next day."""
    stated = (raw_text(dataset, name) for name in ("AcquisitionDate", "StudyDate"))
    return next(filter(None, map(_date, (_moment(dataset)[:8], *stated))), None)


def _scan_time(dataset: Dataset) -> str | None:
    """Time of day without fractions of a second; ``HH:MM:SS`` of the older standard is read too."""
    time = (raw_text(dataset, "AcquisitionTime") or "").replace(":", "")
    found = _read(_moment(dataset)[8:14], _TIMES) or _read(_digits(time)[:6], _TIMES)
    return None if found is None else found.time().isoformat()


def _moment(dataset: Dataset) -> str:
    """The digits of date and time of the acquisition; empty where the date is none."""
    digits = _digits(raw_text(dataset, "AcquisitionDateTime") or "")
    return digits if _date(digits[:8]) else ""  # the time of a placeholder is midnight


def _digits(written: str) -> str:
    """The digits before a fraction or a time zone."""
    return re.split("[^0-9]", written, maxsplit=1)[0]


def _date(written: str | None) -> str | None:
    """A date; ``YYYY.MM.DD`` of the older standard is read too. None for a placeholder."""
    found = _read((written or "").replace(".", ""), _DATES)
    # Not strftime: on Linux it writes the year 1 with one digit.
    return None if found is None or found.year < MIN_YEAR else found.date().isoformat()


def _read(written: str, forms: Mapping[int, str]) -> datetime | None:
    """A date or time of DICOM (PS3.5, 6.2); None where it is none.

    The number of digits decides, as `strptime` takes one digit for two: 1234 as 12:03:04.
    """
    try:
        return datetime.strptime(written, forms[len(written)])
    except (KeyError, ValueError):
        return None
