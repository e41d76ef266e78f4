"""Facts of one DICOM slice, read from its tags once: loading then needs the pixels alone."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.dataset import Dataset

from distiliqa.ct.dicom.acquisition_facts import (
    ACQUISITION_KEYWORDS,
    acquisition_warnings,
    read_acquisition,
)
from distiliqa.ct.dicom.gantry import GANTRY_KEYWORDS, gantry_warnings, read_gantry
from distiliqa.ct.dicom.identification import (
    IDENTIFICATION_KEYWORDS,
    read_event_uids,
    read_identification,
)
from distiliqa.ct.dicom.identify import is_hu
from distiliqa.ct.dicom.image_type import image_type_notes
from distiliqa.ct.dicom.region import HeaderTexts, names_phantom, regions
from distiliqa.ct.dicom.tags import identifier, number, numbers, text, value, written
from distiliqa.ct.geometry import Geometry, Orientation, is_position, tilt_warnings
from distiliqa.ct.slice_info import SliceInfo
from distiliqa.ct.spacing import pixel_warnings, square_warnings
from distiliqa.errors import MAX_QUOTED, CTReadError

# All tags that `read_header` reads, so that an index can skip the others.
HEADER_KEYWORDS = (
    *ACQUISITION_KEYWORDS,
    *IDENTIFICATION_KEYWORDS,
    *GANTRY_KEYWORDS,
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "PatientID",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "PixelSpacing",
    "PixelRepresentation",  # states whether padding values are signed
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "LossyImageCompression",
    "FilterType",  # of these four only the body region is kept, see `regions`
    "StudyDescription",
    "PatientSpeciesDescription",
    "PatientName",
)

# A rescale type that is taken as HU: PS3.3 C.11.1.1.2 allows it, and much de-identified CT has it.
_UNSPECIFIED = "US"

# Optional numbers: one that cannot be read gives a warning.
_NUMBERS = ("PixelPaddingValue", "PixelPaddingRangeLimit")

LOSSY = "lossy compression has changed the noise"


@dataclass(frozen=True, slots=True)
class Header:
    """One slice without its pixels.

    Attributes
    ----------
    info : its facts. Source, frame and series are added by the reader of the file.
    orientation : None where the file states none; the slice is then taken to be axial.
    slope, intercept : HU are ``slope * stored + intercept``.
    padding : first and last stored value of padding, as written; None for no padding.
    """

    info: SliceInfo
    orientation: Orientation | None
    slope: float
    intercept: float
    padding: tuple[int, int] | None


def read_header(dataset: Dataset, *, path: str) -> Header:
    """Read the facts of a classic CT slice, or of a flat dataset of an enhanced frame.

    Raises `CTReadError` on a rescale that is stated and gives no HU.
    """
    orientation = Orientation.from_cosines(numbers(dataset, "ImageOrientationPatient"))
    slope, intercept = _rescale(dataset, path)
    info = SliceInfo(
        path,
        position_mm=_position(dataset, orientation),
        spacing_mm=_spacing(dataset, orientation),
        shape=_shape(dataset, orientation),
        sop_uid=identifier(dataset, "SOPInstanceUID"),
        series_uid=identifier(dataset, "SeriesInstanceUID"),
        patient_id=identifier(dataset, "PatientID"),
        acquisition=read_acquisition(dataset),
        gantry=read_gantry(dataset),
        identification=read_identification(dataset),
        study_uid=identifier(dataset, "StudyInstanceUID"),
        event_uids=read_event_uids(dataset),
        regions=_regions(dataset),
        warnings=tuple(_warnings(dataset, orientation, None in (slope, intercept))),
        geometry=_geometry(dataset, orientation),
        tilt_degrees=_tilt(dataset, orientation),
    )
    return Header(
        info,
        orientation,
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        padding=_padding(dataset),
    )


def _rescale(dataset: Dataset, path: str) -> tuple[float | None, float | None]:
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    for keyword, usable in (("RescaleSlope", slope or None), ("RescaleIntercept", intercept)):
        if usable is None and (found := written(dataset, keyword)) is not None:
            raise CTReadError(
                f"{keyword} is {found}, which gives no HU",
                path=path,
                remedy="export the series again",
            )
    return slope, intercept


def _point(dataset: Dataset) -> list[float]:
    """Position of the first pixel, mm; empty if none is stated, or one that no scanner gives."""
    point = numbers(dataset, "ImagePositionPatient")
    return point if is_position(point) else []


def _position(dataset: Dataset, orientation: Orientation | None) -> float | None:
    point = _point(dataset)
    if not point:
        return None
    return point[2] if orientation is None else orientation.position_mm(point)


def _geometry(dataset: Dataset, orientation: Orientation | None) -> Geometry | None:
    spacing = _stored_spacing(dataset)
    match [_point(dataset), numbers(dataset, "Rows"), numbers(dataset, "Columns")]:
        case [[x, y, z], [rows], [columns]] if orientation is not None and spacing is not None:
            return Geometry((x, y, z), orientation, spacing, (int(rows), int(columns)))
    return None


def _shape(dataset: Dataset, orientation: Orientation | None) -> tuple[int, int] | None:
    """(rows, columns) in the standard view; None where the file states none."""
    match [numbers(dataset, "Rows"), numbers(dataset, "Columns")]:
        case [[rows], [columns]]:
            swaps = orientation is not None and orientation.swaps_axes
            return (int(columns), int(rows)) if swaps else (int(rows), int(columns))
    return None


def _stored_spacing(dataset: Dataset) -> tuple[float, float] | None:
    """The pixel spacing between rows and between columns, mm; None where it is not usable."""
    spacing = numbers(dataset, "PixelSpacing")
    return (spacing[0], spacing[1]) if len(spacing) == 2 and min(spacing) > 0 else None


def _spacing(dataset: Dataset, orientation: Orientation | None) -> tuple[float, float] | None:
    spacing = _stored_spacing(dataset)
    return spacing if spacing is None or orientation is None else orientation.turn_spacing(spacing)


def _padding(dataset: Dataset) -> tuple[int, int] | None:
    first = numbers(dataset, "PixelPaddingValue")
    if len(first) != 1:
        return None
    last = number(dataset, "PixelPaddingRangeLimit")
    return int(first[0]), int(first[0] if last is None else last)


def _warnings(dataset: Dataset, orientation: Orientation | None, no_rescale: bool) -> Iterable[str]:
    if orientation is None:
        yield f"{_missing(dataset, 'orientation')}: taken as axial, as stored"
    yield from tilt_warnings(_tilt(dataset, orientation))
    if not _point(dataset):
        yield f"{_missing(dataset, 'position')}: slices are in file order"
    if no_rescale:
        yield "no rescale slope or intercept in the file: stored values are taken as HU"
    unit = text(dataset, "RescaleType", MAX_QUOTED) or _UNSPECIFIED
    if unit.upper() != _UNSPECIFIED and not is_hu(unit):
        yield f"the file states values in {unit}, not HU"
    if (spacing := _stored_spacing(dataset)) is not None:
        yield from (*pixel_warnings(*spacing), *square_warnings(*spacing))
    elif (found := written(dataset, "PixelSpacing")) is not None:
        yield f"PixelSpacing is {found}, which no pixels have: sizes are not known"
    yield from gantry_warnings(dataset)
    for keyword in _NUMBERS:
        single = len(numbers(dataset, keyword)) == 1
        if not single and (found := written(dataset, keyword)) is not None:
            yield f"{keyword} is {found}, not a number: not used"
    yield from acquisition_warnings(dataset)
    yield from image_type_notes(text(dataset, "ImageType") or "")
    if (text(dataset, "LossyImageCompression") or "").lstrip("0") == "1":
        yield LOSSY


def _missing(dataset: Dataset, what: str) -> str:
    found = written(dataset, f"Image{what.capitalize()}Patient")
    return f"no image {what} in the file" if found is None else f"the image {what} is {found}"


def _tilt(dataset: Dataset, orientation: Orientation | None) -> float:
    """The larger of the tilt of the orientation and that of the gantry, degrees.

    Gantry/Detector Tilt is nominal (PS3.3, C.8.2.1). It is still right where a tool has
    straightened the directions of a tilted scan and not its pixels.
    """
    stated = abs(read_gantry(dataset).tilt_degrees or 0.0)
    return max(stated, 0.0 if orientation is None else orientation.tilt_degrees)


def _regions(dataset: Dataset) -> tuple[str, ...]:
    code = (value(dataset, "AnatomicRegionSequence") or [Dataset()])[0]
    texts = HeaderTexts(
        body_part=text(dataset, "BodyPartExamined") or text(code, "CodeMeaning"),
        codes=tuple(filter(None, [text(code, "CodeValue")])),
        description=text(dataset, "SeriesDescription"),
        protocol=text(dataset, "ProtocolName"),
        study=text(dataset, "StudyDescription"),
        species=text(dataset, "PatientSpeciesDescription"),
        patient_is_phantom=any(
            names_phantom(text(dataset, name)) for name in ("PatientName", "PatientID")
        ),
        filter=text(dataset, "FilterType"),
        kernel=text(dataset, "ConvolutionKernel"),
        manufacturer=text(dataset, "Manufacturer"),
    )
    return regions(texts)
