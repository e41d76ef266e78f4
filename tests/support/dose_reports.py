"""Radiation dose reports of CT by TID 10011 to 10015 and 10040 of PS3.16, of values of a test."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    EnhancedXRayRadiationDoseSRStorage,
    ExplicitVRLittleEndian,
    XRayRadiationDoseSRStorage,
    generate_uid,
)

STUDY = "1.2.826.0.1.3680043.8.498.1"  # of tests.support.slices
PHANTOMS = {
    16: ("113690", "IEC Head Dosimetry Phantom"),
    32: ("113691", "IEC Body Dosimetry Phantom"),
    None: ("113692", "NEMA XR21-2000 Phantom"),
}


def coded(code: str, meaning: str, scheme: str = "DCM") -> list[Dataset]:
    """A code sequence of one item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, scheme, meaning
    return [item]


def content(kind: str, code: str, meaning: str, **values: Any) -> Dataset:
    """A content item inside a container."""
    item = Dataset()
    item.RelationshipType, item.ValueType = "CONTAINS", kind
    item.ConceptNameCodeSequence = coded(code, meaning)
    if kind == "CONTAINER":
        item.ContinuityOfContent = "SEPARATE"
    for keyword, value in values.items():
        setattr(item, keyword, value)
    return item


def measured(code: str, meaning: str, number: float, unit: str) -> Dataset:
    """A number with its unit."""
    found = Dataset()
    found.NumericValue = str(number)
    found.MeasurementUnitsCodeSequence = coded(unit, unit, "UCUM")
    return content("NUM", code, meaning, MeasuredValueSequence=[found])


def dose_event(
    uid: str | None = "1.2.3.4",
    *,
    ctdivol: float | None = 10.5,
    dlp: float | None = 420.0,
    dlp_unit: str = "mGy.cm",
    phantom: int | None = 32,
    with_phantom: bool = True,
    checks: Iterable[Dataset] = (),
) -> Dataset:
    """The container of an irradiation event (TID 10013)."""
    parameters = [
        measured("113824", "Exposure Time", 6, "s"),
        measured("113825", "Scanning Length", 400, "mm"),
        measured("113828", "Pitch Factor", 0.984, "{ratio}"),
    ]
    dose = [measured("113830", "Mean CTDIvol", ctdivol, "mGy")] if ctdivol is not None else []
    if with_phantom:
        kind = coded(*PHANTOMS[phantom])
        dose.append(content("CODE", "113835", "CTDIw Phantom Type", ConceptCodeSequence=kind))
    dose += [measured("113838", "DLP", dlp, dlp_unit)] if dlp is not None else []
    dose += checks
    region = coded("51185008", "Chest", "SCT")
    spiral = coded("P5-08001", "Spiral Acquisition", "SRT")
    items = [
        content("TEXT", "125203", "Acquisition Protocol", TextValue="5.2 CHEST of Doe"),
        content("CODE", "123014", "Target Region", ConceptCodeSequence=region),
        content("CODE", "113820", "CT Acquisition Type", ConceptCodeSequence=spiral),
        content("UIDREF", "113769", "Irradiation Event UID", UID=uid) if uid else None,
        content("CONTAINER", "113822", "CT Acquisition Parameters", ContentSequence=parameters),
        content("CONTAINER", "113829", "CT Dose", ContentSequence=dose),
        content("TEXT", "113842", "X-Ray Modulation Type", TextValue="XYZ_EC"),
    ]
    found = [item for item in items if item is not None]
    return content("CONTAINER", "113819", "CT Acquisition", ContentSequence=found)


def write_dose_report(path: Path, *events: Dataset, **tags: Any) -> Path:
    """Write a dose report of CT (TID 10011); tags override the defaults. Returns the path."""
    total = measured("113812", "Total Number of Irradiation Events", len(events), "{events}")
    accumulated = [total, measured("113813", "CT Dose Length Product Total", 999, "mGy.cm")]
    report = Dataset()
    report.file_meta = FileMetaDataset()
    report.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    report.SOPClassUID = XRayRadiationDoseSRStorage
    report.SOPInstanceUID = generate_uid(entropy_srcs=[str(path)])
    report.StudyInstanceUID, report.SeriesInstanceUID = STUDY, f"{STUDY}.9"
    report.Modality, report.ValueType, report.ContinuityOfContent = "SR", "CONTAINER", "SEPARATE"
    report.ConceptNameCodeSequence = coded("113701", "X-Ray Radiation Dose Report")
    report.ContentSequence = [
        content("CONTAINER", "113811", "CT Accumulated Dose Data", ContentSequence=accumulated),
        *events,
    ]
    for keyword, value in tags.items():
        setattr(report, keyword, value)
    path.parent.mkdir(parents=True, exist_ok=True)
    report.save_as(path, enforce_file_format=True)
    return path


def event_summary(
    uid: str = "1.2.3.4",
    *,
    ctdivol: float | None = 10.5,
    dlp: float | None = 420.0,
    source: str = "1",
) -> Dataset:
    """The summary of an irradiation event in an Enhanced report (TID 10042)."""
    dose = [measured("113830", "Mean CTDIvol", ctdivol, "mGy")] if ctdivol is not None else []
    dose += [measured("113838", "DLP", dlp, "mGy.cm")] if dlp is not None else []
    phantom = coded(*PHANTOMS[32])
    items = [
        content("UIDREF", "113769", "Irradiation Event UID", UID=uid),
        content("TEXT", "113832", "Identification of the X-Ray Source", TextValue=source),
        content("CODE", "113835", "CTDIw Phantom Type", ConceptCodeSequence=phantom),
        *dose,
    ]
    return content("CONTAINER", "130501", "Irradiation Event Summary Data", ContentSequence=items)


def write_enhanced_report(path: Path, *summaries: Dataset, **tags: Any) -> Path:
    """Write an Enhanced X-Ray Radiation Dose SR (TID 10040). Returns the path."""
    kind = {"SOPClassUID": EnhancedXRayRadiationDoseSRStorage}
    return write_dose_report(path, *summaries, **(kind | tags))
