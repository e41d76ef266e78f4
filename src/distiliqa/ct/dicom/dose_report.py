"""Reader of radiation dose reports of CT: structured reports by TID 10011 of DICOM PS3.16.

A report has a container for each irradiation event (TID 10013). Codes decide, never their
meanings. A value in another unit than the standard's is not used, and the event says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID, XRayRadiationDoseSRStorage

from distiliqa.ct.dicom.acquisition_facts import PHANTOMS_CM
from distiliqa.ct.dicom.encoding import as_encoded, check_inflated_size
from distiliqa.ct.dicom.identify import is_dicom
from distiliqa.ct.dicom.tags import MAX_LABEL, code_value, identifier, number, text, value
from distiliqa.ct.dose_events import DoseCheck, DoseEvent, DoseReport
from distiliqa.ct.source import Source
from distiliqa.errors import MAX_QUOTED, CTReadError, shortened

# Tags that an index reads to identify a dose report.
DOSE_REPORT_KEYWORDS = ("SOPClassUID", "Modality", "ConceptNameCodeSequence")

MAX_REPORT_BYTES = 1 << 26  # reports of long studies have some hundred kB

# Codes of DCM (PS3.16, annex D).
_REPORT, _EVENT, _EVENT_UID = "113701", "113819", "113769"
_PHANTOM, _REGION, _ACQUISITION_TYPE = "113835", "123014", "113820"
_PROTOCOL, _MODULATION = "125203", "113842"
_MGY, _MGY_CM, _MM = ("mGy",), ("mGy.cm",), ("mm",)
_RATIO = ("{ratio}", "1", "ratio")

# Name of the field, code, units (UCUM) and term for people.
_NUMBERS = (
    ("ctdivol_mgy", "113830", _MGY, "CTDIvol"),
    ("dlp_mgy_cm", "113838", _MGY_CM, "DLP"),
    ("length_mm", "113825", _MM, "scanning length"),
    ("pitch", "113828", _RATIO, "pitch"),
    ("ssde_mgy", "113930", _MGY, "SSDE"),
)
_REQUIRED = {"113830", "113838", "113825"}  # axial scans have no pitch, and few reports an SSDE
_DOSE_CHECK = (  # TID 10015
    ("ctdivol_notification_mgy", "113912", _MGY, "CTDIvol notification value"),
    ("ctdivol_alert_mgy", "113904", _MGY, "CTDIvol alert value"),
    ("dlp_notification_mgy_cm", "113911", _MGY_CM, "DLP notification value"),
    ("dlp_alert_mgy_cm", "113903", _MGY_CM, "DLP alert value"),
    ("ctdivol_estimate_mgy", "113914", _MGY, "CTDIvol forward estimate"),
    ("dlp_estimate_mgy_cm", "113913", _MGY_CM, "DLP forward estimate"),
    ("ctdivol_accumulated_mgy", "113906", _MGY, "accumulated CTDIvol forward estimate"),
    ("dlp_accumulated_mgy_cm", "113905", _MGY_CM, "accumulated DLP forward estimate"),
)


def read_dose_report(path: str | Path) -> DoseReport:
    """Read a radiation dose report (RDSR) of CT.

    Parameters
    ----------
    path : str or Path
        A DICOM file.

    Returns
    -------
    DoseReport
        Its irradiation events. Values that are missing or cannot be used are None.

    Raises
    ------
    CTReadError
        The file is missing, damaged or larger than 64 MiB, is no radiation dose report, or holds no
        irradiation event of CT.
    """
    source = Source.on_disk(Path(path))
    if not is_dicom(source):
        raise CTReadError("not a DICOM file", path=path, remedy="give a radiation dose report")
    return dose_report_of(source)


def is_dose_report(dataset: Dataset) -> bool:
    """Whether a file is a radiation dose report, by its SOP class or the title of a report."""
    is_titled = text(dataset, "Modality") == "SR" and _concept(dataset) == _REPORT
    return text(dataset, "SOPClassUID") == XRayRadiationDoseSRStorage or is_titled


def dose_report_of(source: Source) -> DoseReport:
    """Read the report in ``source``, see `read_dose_report`."""
    try:
        dataset = _whole(source)
        if not is_dose_report(dataset):
            kind = shortened(UID(text(dataset, "SOPClassUID") or "an unknown class").name)
            raise CTReadError(
                f"not a radiation dose report ({kind})",
                path=source.name,
                remedy="give the RDSR of the study",
            )
        study = identifier(dataset, "StudyInstanceUID")
        events = [_event(n, study, item) for n, item in enumerate(_containers(dataset), 1)]
    except CTReadError:
        raise
    except Exception as error:  # pydicom raises many kinds on damaged files
        raise CTReadError(
            f"the dose report cannot be read ({str(error) or type(error).__name__})",
            path=source.name,
            remedy="the file is cut short or damaged: copy or export it again",
        ) from error
    if not events:
        raise CTReadError(
            "a dose report without an irradiation event of CT",
            path=source.name,
            remedy="give the RDSR of the CT study",
        )
    return DoseReport(source.name, tuple(events))


def _whole(source: Source) -> Dataset:
    source = as_encoded(source)
    with source.open() as stream:
        if source.size_of(stream) > MAX_REPORT_BYTES:
            raise CTReadError(
                f"larger than {MAX_REPORT_BYTES >> 20} MiB, which no dose report is",
                path=source.name,
                remedy="give the RDSR of the study",
            )
        check_inflated_size(stream, source.name)
        return dcmread(stream, force=True)


def _concept(item: Dataset) -> str:
    """The code that names a content item; empty where it is not of DCM."""
    names = value(item, "ConceptNameCodeSequence")
    is_dcm = bool(names) and text(names[0], "CodingSchemeDesignator") == "DCM"
    return code_value(item, "ConceptNameCodeSequence") if is_dcm else ""


def _below(item: Dataset) -> Iterator[Dataset]:
    """The content items below an item, in their order."""
    waiting = list(reversed(value(item, "ContentSequence") or ()))
    while waiting:
        found = waiting.pop()
        yield found
        waiting += reversed(value(found, "ContentSequence") or ())


def _containers(report: Dataset) -> Iterator[Dataset]:
    return (item for item in _below(report) if _concept(item) == _EVENT)


def _event(place: int, study_uid: str | None, container: Dataset) -> DoseEvent:
    items = _Items(container)
    phantom = items.phantom()
    numbers = {name: items.number(code, units, term) for name, code, units, term in _NUMBERS}
    checks = {name: items.number(code, units, term) for name, code, units, term in _DOSE_CHECK}
    if phantom not in PHANTOMS_CM and items.has(_PHANTOM):
        numbers |= dict.fromkeys(("ctdivol_mgy", "dlp_mgy_cm"))
    return DoseEvent(
        place,
        study_uid,
        items.uid(_EVENT_UID),
        ctdi_phantom=phantom,
        ctdi_phantom_cm=PHANTOMS_CM.get(phantom or ""),
        modulation=items.text(_MODULATION),
        acquisition_type=items.meaning(_ACQUISITION_TYPE),
        target_region=items.meaning(_REGION),
        protocol=items.text(_PROTOCOL),
        dose_check=DoseCheck(**checks) if any(checks.values()) else None,
        problems=tuple(items.problems),
        **numbers,
    )


class _Items:
    """Content items below a container by their codes, and the problems of those that were read."""

    def __init__(self, container: Dataset) -> None:
        self._by_code = defaultdict[str, list[Dataset]](list)
        for item in _below(container):
            self._by_code[_concept(item)].append(item)
        self.problems: list[str] = []

    def has(self, code: str) -> bool:
        """Whether there is an item of this code."""
        return code in self._by_code

    def number(self, code: str, units: tuple[str, ...], term: str) -> float | None:
        """The number of a code, above 0; a problem where it is missing and required, or wrong."""
        if not self.has(code):
            if code in _REQUIRED:
                self.problems.append(f"the dose report states no {term}")
            return None
        stated = {_measured(item) for item in self._by_code[code]}
        if len(stated) > 1:
            self.problems.append(f"the dose report states several values of {term}: not used")
            return None
        found, unit = stated.pop()
        if found is None or found <= 0:
            shown = "not a number" if found is None else f"{found:g}"
            self.problems.append(f"{term} is {shown} in the dose report: not used")
        elif unit not in units:
            self.problems.append(f"{term} is in {unit or 'no unit'}, not in {units[0]}: not used")
        else:
            return found
        return None

    def phantom(self) -> str | None:
        """The code of the phantom; a problem where it is missing or not of 16 or 32 cm."""
        codes = {code_value(item, "ConceptCodeSequence") for item in self._of(_PHANTOM)}
        if len(codes) > 1:
            self.problems.append("the dose report states several CTDI phantoms: dose not used")
            return None
        code = next(iter(codes), None)
        if code is None:
            self.problems.append("the dose report states no CTDI phantom")
        elif code not in PHANTOMS_CM:
            named = shortened(self.meaning(_PHANTOM) or "unknown", MAX_QUOTED)
            self.problems.append(f"the CTDI phantom is {named}, not of 16 or 32 cm: dose not used")
        return code

    def text(self, code: str) -> str | None:
        """The text of the first item of a code."""
        return next((text(item, "TextValue", MAX_LABEL) for item in self._of(code)), None)

    def meaning(self, code: str) -> str | None:
        """The meaning of the coded value of the first item of a code."""
        values = (value(item, "ConceptCodeSequence") or [Dataset()] for item in self._of(code))
        return next((text(found[0], "CodeMeaning", MAX_LABEL) for found in values), None)

    def uid(self, code: str) -> str | None:
        """The UID of the first item of a code."""
        return next((identifier(item, "UID") for item in self._of(code)), None)

    def _of(self, code: str) -> list[Dataset]:
        return self._by_code.get(code, [])


def _measured(item: Dataset) -> tuple[float | None, str]:
    """Number and unit of a measurement."""
    measured = (value(item, "MeasuredValueSequence") or [Dataset()])[0]
    unit = code_value(measured, "MeasurementUnitsCodeSequence")
    return number(measured, "NumericValue"), shortened(unit, MAX_QUOTED)
