"""Facts in the tags of a slice by which people of a site find its scan; they may identify."""

from __future__ import annotations

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
    moment = raw_text(dataset, "AcquisitionDateTime") or ""
    stated = (moment[:8], *(raw_text(dataset, name) for name in ("AcquisitionDate", "StudyDate")))
    return next(filter(None, map(_date, stated)), None)


def _date(written: str | None) -> str | None:
    """A date; ``YYYY.MM.DD`` of the older standard is read too. None for a placeholder."""
    found = _moment((written or "").replace(".", ""), "%Y%m%d")
    # Not strftime: on Linux it writes the year 1 with one digit.
    return None if found is None or found.year < MIN_YEAR else found.date().isoformat()


def _scan_time(dataset: Dataset) -> str | None:
    """Time of day without fractions of a second; ``HH:MM:SS`` of the older standard is read too."""
    moment = raw_text(dataset, "AcquisitionDateTime") or ""
    time = (raw_text(dataset, "AcquisitionTime") or "").replace(":", "")
    of_moment = moment[8:14] if _date(moment[:8]) else ""  # midnight in a placeholder
    found = _moment(of_moment, "%H%M%S") or _moment(time[:6], "%H%M%S")
    return None if found is None else found.time().isoformat()


def _moment(written: str, form: str) -> datetime | None:
    """A date or time of DICOM (PS3.5, 6.2); None where it is none."""
    try:
        return datetime.strptime(written, form)
    except ValueError:
        return None
