"""Reader of radiation dose reports of CT: structured reports by templates of DICOM PS3.16.

An X-Ray Radiation Dose SR (TID 10011) has a container for each irradiation event (TID 10013), an
Enhanced one (TID 10040) a summary of each (TID 10042). Codes decide, never their meanings.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    EnhancedXRayRadiationDoseSRStorage,
    PatientRadiationDoseSRStorage,
    RadiopharmaceuticalRadiationDoseSRStorage,
    XRayRadiationDoseSRStorage,
)

from distiliqa.ct.dicom.acquisition_facts import MAX_CTDIVOL_MGY, MAX_PITCH, PHANTOMS_CM
from distiliqa.ct.dicom.encoding import as_encoded, check_inflated_size
from distiliqa.ct.dicom.identify import is_dicom
from distiliqa.ct.dicom.report_items import Quantity, ReportItems, below, concept
from distiliqa.ct.dicom.tags import identifier, text
from distiliqa.ct.dose_events import DoseCheck, DoseEvent, DoseReport
from distiliqa.ct.source import Source
from distiliqa.errors import MAX_QUOTED, CTReadError, shortened

# Tags that an index reads to identify a dose report.
DOSE_REPORT_KEYWORDS = ("SOPClassUID", "Modality", "ConceptNameCodeSequence")

MAX_REPORT_BYTES = 1 << 26  # reports of long studies have some hundred kB

# SOP classes of reports that are read, and of other dose reports.
DOSE_REPORT_CLASSES = (XRayRadiationDoseSRStorage, EnhancedXRayRadiationDoseSRStorage)
_NOT_READ = (PatientRadiationDoseSRStorage, RadiopharmaceuticalRadiationDoseSRStorage)

# Codes of DCM (PS3.16, annex D).
_REPORT, _EVENT, _SUMMARY, _EVENT_UID = "113701", "113819", "130501", "113769"
_CTDIVOL, _DLP, _LENGTH = "113830", "113838", "113825"
_PHANTOM, _REGION, _ACQUISITION_TYPE = "113835", "123014", "113820"
_PROTOCOL, _MODULATION = "125203", "113842"
_MGY, _MGY_CM, _MM = ("mGy",), ("mGy.cm",), ("mm",)
_RATIO = ("{ratio}", "1", "ratio")

MAX_LENGTH_MM = 1e4  # a table moves 2 m; repeated passes may be summed
MAX_DLP_MGY_CM = MAX_CTDIVOL_MGY * MAX_LENGTH_MM / 10
MAX_DOSE_LIMIT = 1e9  # mGy or mGy.cm; sites switch a limit off by a huge one

# By the name of the field.
_NUMBERS = {
    "ctdivol_mgy": Quantity(_CTDIVOL, _MGY, "CTDIvol", MAX_CTDIVOL_MGY),
    "dlp_mgy_cm": Quantity(_DLP, _MGY_CM, "DLP", MAX_DLP_MGY_CM),
    "length_mm": Quantity(_LENGTH, _MM, "scanning length", MAX_LENGTH_MM),
    "pitch": Quantity("113828", _RATIO, "pitch", MAX_PITCH),
    "ssde_mgy": Quantity("113930", _MGY, "SSDE", MAX_CTDIVOL_MGY),
}
# By the kind of container. Axial scans have no pitch, and few reports an SSDE.
_REQUIRED = {_EVENT: (_CTDIVOL, _DLP, _LENGTH), _SUMMARY: (_CTDIVOL, _DLP)}
_DOSE_CHECK = {  # TID 10015
    "ctdivol_notification_mgy": Quantity(
        "113912", _MGY, "CTDIvol notification value", MAX_DOSE_LIMIT
    ),
    "ctdivol_alert_mgy": Quantity("113904", _MGY, "CTDIvol alert value", MAX_DOSE_LIMIT),
    "dlp_notification_mgy_cm": Quantity(
        "113911", _MGY_CM, "DLP notification value", MAX_DOSE_LIMIT
    ),
    "dlp_alert_mgy_cm": Quantity("113903", _MGY_CM, "DLP alert value", MAX_DOSE_LIMIT),
    "ctdivol_estimate_mgy": Quantity("113914", _MGY, "CTDIvol forward estimate", MAX_DOSE_LIMIT),
    "dlp_estimate_mgy_cm": Quantity("113913", _MGY_CM, "DLP forward estimate", MAX_DOSE_LIMIT),
    "ctdivol_accumulated_mgy": Quantity(
        "113906", _MGY, "accumulated CTDIvol forward estimate", MAX_DOSE_LIMIT
    ),
    "dlp_accumulated_mgy_cm": Quantity(
        "113905", _MGY_CM, "accumulated DLP forward estimate", MAX_DOSE_LIMIT
    ),
}


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
        The file is missing, damaged or larger than 64 MiB, is no radiation dose report or one of
        another kind, or holds no irradiation event of CT.
    """
    if not Path(path).exists():
        raise CTReadError("no such file", path=path, remedy="check the path")
    source = Source.on_disk(Path(path))
    if not is_dicom(source):
        raise CTReadError("not a DICOM file", path=path, remedy="give a radiation dose report")
    return dose_report_of(source)


def is_dose_report(dataset: Dataset) -> bool:
    """Whether a file is a dose report of any kind, by its SOP class or the title of a report."""
    is_titled = text(dataset, "Modality") == "SR" and concept(dataset) == _REPORT
    return text(dataset, "SOPClassUID") in (*DOSE_REPORT_CLASSES, *_NOT_READ) or is_titled


def dose_report_of(source: Source) -> DoseReport:
    """Read the report in ``source``, see `read_dose_report`."""
    try:
        dataset = _whole(source)
        _check_kind(dataset, source.name)
        events = _events(dataset)
        digest = hashlib.sha256(source.read()).hexdigest()
    except CTReadError:
        raise
    except Exception as error:  # pydicom raises many kinds on damaged files
        raise CTReadError(
            f"the dose report cannot be read ({str(error) or type(error).__name__})",
            path=source.name,
            remedy="the file is cut short or damaged: copy or export it again",
        ) from error
    if not events:
        raise _without_events(dataset, source.name)
    return DoseReport(source.name, events, digest)


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


def _check_kind(dataset: Dataset, path: str) -> None:
    """Raise `CTReadError` unless it is a dose report of a kind that may have events of CT."""
    sop_class = UID(text(dataset, "SOPClassUID") or "an unknown class")
    kind = shortened(sop_class.name).removesuffix(" Storage")
    if sop_class in _NOT_READ:
        raise CTReadError(
            f"a dose report of a kind that is not read ({kind})",
            path=path,
            remedy="give the X-Ray Radiation Dose SR of the study",
        )
    if not is_dose_report(dataset):
        raise CTReadError(
            f"not a radiation dose report ({kind})", path=path, remedy="give the RDSR of the study"
        )


def _without_events(dataset: Dataset, path: str) -> CTReadError:
    problem = "a dose report without an irradiation event of CT"
    if text(dataset, "SOPClassUID") == EnhancedXRayRadiationDoseSRStorage:
        problem = (
            "a dose report of a kind that is not read (Enhanced X-Ray Radiation Dose SR whose "
            "events state no CTDIvol and no DLP)"
        )
    return CTReadError(problem, path=path, remedy="give the RDSR of the CT study")


def _events(report: Dataset) -> tuple[DoseEvent, ...]:
    study_uid = identifier(report, "StudyInstanceUID")
    found = [_event(study_uid, one) for one in below(report) if concept(one) == _EVENT]
    found += _summaries(study_uid, [one for one in below(report) if concept(one) == _SUMMARY])
    return tuple(replace(event, number=number) for number, event in enumerate(found, 1))


def _summaries(study_uid: str | None, containers: Sequence[Dataset]) -> list[DoseEvent]:
    """Events of CT among those of an Enhanced report.

    A scanner may summarize each X-ray source apart. Its doses are not those of the event.
    """
    of_ct = [one for one in containers if ReportItems(one).has(_CTDIVOL, _DLP)]
    events = [_event(study_uid, container) for container in of_ct]
    times = Counter(event.event_uid for event in events)
    return [_apart(event) if times[event.event_uid] > 1 else event for event in events]


def _apart(event: DoseEvent) -> DoseEvent:
    reason = "the dose report states the event several times, by X-ray source: dose not used"
    return replace(
        event, ctdivol_mgy=None, dlp_mgy_cm=None, ssde_mgy=None, problems=(*event.problems, reason)
    )


def _event(study_uid: str | None, container: Dataset) -> DoseEvent:
    items = ReportItems(container, _REQUIRED[concept(container)])
    phantom = _phantom(items)
    numbers = {name: items.number(asked) for name, asked in _NUMBERS.items()}
    checks = {name: items.number(asked) for name, asked in _DOSE_CHECK.items()}
    if phantom not in PHANTOMS_CM and items.has(_PHANTOM):
        numbers |= dict.fromkeys(("ctdivol_mgy", "dlp_mgy_cm"))
    return DoseEvent(
        0,
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


def _phantom(items: ReportItems) -> str | None:
    """The code of the phantom; a problem where it is missing or not of 16 or 32 cm."""
    codes = items.codes(_PHANTOM)
    if len(codes) > 1:
        items.problems.append("the dose report states several CTDI phantoms: dose not used")
        return None
    code = next(iter(codes), None)
    if code is None:
        items.problems.append("the dose report states no CTDI phantom")
    elif code not in PHANTOMS_CM:
        named = shortened(items.meaning(_PHANTOM) or "unknown", MAX_QUOTED)
        items.problems.append(f"the CTDI phantom is {named}, not of 16 or 32 cm: dose not used")
    return code
