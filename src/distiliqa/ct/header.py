"""The facts of one DICOM slice, read from its tags once so that loading needs only the pixels."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from distiliqa.ct.exposure import CONTRADICTION, contradicts
from distiliqa.ct.geometry import Geometry
from distiliqa.ct.image_type import image_type_notes
from distiliqa.ct.orientation import Orientation, tilt_warnings
from distiliqa.ct.region import Said, regions
from distiliqa.ct.slice import Acquisition
from distiliqa.errors import MAX_QUOTED, CTReadError, one_line, shortened

# What `read_header` looks at, so that an index can skip all other tags.
HEADER_KEYWORDS = (
    "SOPInstanceUID",
    "SeriesInstanceUID",
    "PatientID",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "GantryDetectorTilt",
    "PixelSpacing",
    "PixelRepresentation",  # says whether the padding values are signed
    "PixelPaddingValue",
    "PixelPaddingRangeLimit",
    "RescaleSlope",
    "RescaleIntercept",
    "RescaleType",
    "LossyImageCompression",
    "KVP",
    "XRayTubeCurrent",
    "Exposure",
    "ExposureTime",
    "RevolutionTime",
    "SpiralPitchFactor",
    "CTDIvol",
    "ConvolutionKernel",
    "SliceThickness",
    "BodyPartExamined",
    "AnatomicRegionSequence",
    "SeriesDescription",  # these three are read for the region that they name, and never kept
    "ProtocolName",
    "FilterType",
    "Manufacturer",
    "ManufacturerModelName",
)

# Characters of a tag, which may hold several values of 64 at most (PS3.5, table 6.2-1), and of one
# that stands beside every slice of a report.
MAX_TEXT, MAX_LABEL = 1024, 128

# Rescale types that mean HU: "HU", and "US" (unspecified), which PS3.3 C.11.1.1.2 allows and much
# de-identified CT carries.
_RESCALE_TYPES_OF_HU = {None, "HU", "US"}

LOSSY = "lossy compression has changed the noise"


@dataclass(frozen=True, slots=True)
class Header:
    """One slice without its pixels.

    Attributes
    ----------
    orientation : None where the file does not tell; the slice is then taken to be axial.
    geometry : None where the file does not tell all of it.
    padding : first and last stored value that mean "no image here", as written.
    The others are as in `CTSlice`; ``spacing_mm`` is that of the turned slice.
    """

    sop_uid: str | None
    series_uid: str | None
    patient_id: str | None
    orientation: Orientation | None
    geometry: Geometry | None
    position_mm: float | None
    spacing_mm: tuple[float, float] | None
    slope: float
    intercept: float
    padding: tuple[int, int] | None
    acquisition: Acquisition
    warnings: tuple[str, ...]
    regions: tuple[str, ...] = ()


def read_header(dataset: Dataset, *, path: str) -> Header:
    """Read the facts of a classic CT slice, or of an enhanced frame made flat.

    Raises `CTReadError` on a rescale that is written and gives no HU.
    """
    orientation = Orientation.from_cosines(numbers(dataset, "ImageOrientationPatient"))
    slope, intercept = _rescale(dataset, path)
    return Header(
        sop_uid=identifier(dataset, "SOPInstanceUID"),
        series_uid=identifier(dataset, "SeriesInstanceUID"),
        patient_id=identifier(dataset, "PatientID"),
        orientation=orientation,
        geometry=_geometry(dataset, orientation),
        position_mm=_position(dataset, orientation),
        spacing_mm=_spacing(dataset, orientation),
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        padding=_padding(dataset),
        acquisition=_acquisition(dataset),
        warnings=tuple(_warnings(dataset, orientation, None in (slope, intercept))),
        regions=_regions(dataset),
    )


def _rescale(dataset: Dataset, path: str) -> tuple[float | None, float | None]:
    slope, intercept = number(dataset, "RescaleSlope"), number(dataset, "RescaleIntercept")
    for keyword, usable in (("RescaleSlope", slope or None), ("RescaleIntercept", intercept)):
        if usable is None and (written := value(dataset, keyword)) is not None:
            raise CTReadError(
                f"{keyword} is {shortened(str(written))}, which gives no HU",
                path=path,
                remedy="export the series again",
            )
    return slope, intercept


def _position(dataset: Dataset, orientation: Orientation | None) -> float | None:
    point = numbers(dataset, "ImagePositionPatient")
    if len(point) != 3:
        return None
    return point[2] if orientation is None else orientation.position_mm(point)


def _geometry(dataset: Dataset, orientation: Orientation | None) -> Geometry | None:
    keywords = ("ImagePositionPatient", "PixelSpacing", "Rows", "Columns")
    match [numbers(dataset, keyword) for keyword in keywords]:
        case [[x, y, z], [down, across], [rows], [columns]] if orientation is not None:
            shape = (int(rows), int(columns))
            return Geometry((x, y, z), orientation, (down, across), shape)
    return None


def _spacing(dataset: Dataset, orientation: Orientation | None) -> tuple[float, float] | None:
    spacing = numbers(dataset, "PixelSpacing")
    if len(spacing) != 2:
        return None
    rows, columns = spacing
    return (rows, columns) if orientation is None else orientation.turn_spacing((rows, columns))


def _padding(dataset: Dataset) -> tuple[int, int] | None:
    first = number(dataset, "PixelPaddingValue")
    if first is None:
        return None
    last = number(dataset, "PixelPaddingRangeLimit")
    return int(first), int(first if last is None else last)


def _warnings(dataset: Dataset, orientation: Orientation | None, no_rescale: bool) -> Iterable[str]:
    if orientation is None:
        yield "no image orientation in the file: taken as axial, as stored"
    yield from tilt_warnings(_tilt(dataset, orientation))
    if len(numbers(dataset, "ImagePositionPatient")) != 3:
        yield "no image position in the file: slices are in file order"
    if no_rescale:
        yield "no rescale slope or intercept in the file: stored values are taken as HU"
    if (unit := text(dataset, "RescaleType", MAX_QUOTED)) not in _RESCALE_TYPES_OF_HU:
        yield f"the file says its values are {unit}, not HU"
    if _exposure(dataset) != _stated_exposure(dataset):
        yield CONTRADICTION
    yield from image_type_notes(text(dataset, "ImageType") or "")
    if (text(dataset, "LossyImageCompression") or "").lstrip("0") == "1":
        yield LOSSY


def _tilt(dataset: Dataset, orientation: Orientation | None) -> float:
    """The larger of what the image shows and what the scanner says, degrees.

    Gantry/Detector Tilt is nominal (PS3.3, C.8.2.1), and stays where a tool has straightened the
    directions of a tilted scan without its pixels.
    """
    said = abs(number(dataset, "GantryDetectorTilt") or 0.0)
    return max(said, 0.0 if orientation is None else orientation.tilt_degrees)


def _acquisition(dataset: Dataset) -> Acquisition:
    return Acquisition(
        kvp=number(dataset, "KVP"),
        tube_current_ma=number(dataset, "XRayTubeCurrent", "XRayTubeCurrentInmA"),
        exposure_mas=_exposure(dataset),
        ctdivol_mgy=number(dataset, "CTDIvol"),
        kernel=text(dataset, "ConvolutionKernel", MAX_LABEL),
        slice_thickness_mm=number(dataset, "SliceThickness"),
        body_part=text(dataset, "BodyPartExamined", MAX_LABEL) or _anatomic_region(dataset),
        manufacturer=text(dataset, "Manufacturer", MAX_LABEL),
        scanner=text(dataset, "ManufacturerModelName", MAX_LABEL),
    )


def _regions(dataset: Dataset) -> tuple[str, ...]:
    code = (value(dataset, "AnatomicRegionSequence") or [Dataset()])[0]
    said = Said(
        body_part=text(dataset, "BodyPartExamined") or text(code, "CodeMeaning"),
        codes=tuple(filter(None, [text(code, "CodeValue")])),
        description=text(dataset, "SeriesDescription"),
        protocol=text(dataset, "ProtocolName"),
        filter=text(dataset, "FilterType"),
        kernel=text(dataset, "ConvolutionKernel"),
        manufacturer=text(dataset, "Manufacturer"),
    )
    return regions(said)


def _stated_exposure(dataset: Dataset) -> float | None:
    return number(dataset, "Exposure", "ExposureInmAs")


def _exposure(dataset: Dataset) -> float | None:
    """The exposure, mAs; None where it is not stated or contradicts its own header."""
    stated = _stated_exposure(dataset)
    milliseconds = number(dataset, "ExposureTime", "ExposureTimeInms")
    times = (milliseconds and milliseconds / 1000, number(dataset, "RevolutionTime"))
    wrong = contradicts(
        stated,
        number(dataset, "XRayTubeCurrent", "XRayTubeCurrentInmA"),
        [time for time in times if time is not None],
        number(dataset, "SpiralPitchFactor"),
    )
    return None if wrong else stated


def _anatomic_region(dataset: Dataset) -> str | None:
    """What enhanced images say instead of Body Part Examined (PS3.3, C.7.6.16.2.8)."""
    regions = value(dataset, "AnatomicRegionSequence")
    return text(regions[0], "CodeMeaning", MAX_LABEL) if regions else None


def value(dataset: Dataset, keyword: str) -> Any:
    """The value of a tag; None where it is absent, empty or broken."""
    try:
        found = dataset.get(keyword)
    except Exception:  # pydicom raises many kinds here, and a broken tag must not lose the image
        return None
    return None if found == "" else found


def numbers(dataset: Dataset, keyword: str) -> list[float]:
    """The values of a numeric tag; empty where one of them is absent, broken or not finite."""
    found = value(dataset, keyword)
    try:
        values = [float(item) for item in (found if isinstance(found, MultiValue) else [found])]
    except (TypeError, ValueError):
        return []
    return values if all(map(math.isfinite, values)) else []


def number(dataset: Dataset, *keywords: str) -> float | None:
    """The first value of the first of ``keywords`` that has one."""
    return next((values[0] for name in keywords if (values := numbers(dataset, name))), None)


def text(dataset: Dataset, keyword: str, most: int = MAX_TEXT) -> str | None:
    """The first ``most`` characters of a tag as text that can be shown, see `one_line`; None where
    empty.
    """
    found = raw_text(dataset, keyword)
    return None if found is None else one_line(shortened(found, most))


def identifier(dataset: Dataset, keyword: str) -> str | None:
    """A tag that tells objects apart, as `text`; one that is too long keeps apart by its SHA-256.

    No valid UID or patient ID is too long (PS3.5, table 6.2-1), but a file may hold any.
    """
    found = raw_text(dataset, keyword)
    if found is None or len(found) <= MAX_LABEL:
        return None if found is None else one_line(found)
    digest = hashlib.sha256(found.encode("utf-8", "surrogatepass")).hexdigest()
    return one_line(f"{shortened(found)}{digest}")


def raw_text(dataset: Dataset, keyword: str) -> str | None:
    """A tag as text, several values joined by a backslash as in the file; None where empty."""
    found = value(dataset, keyword)
    parts = found if isinstance(found, MultiValue) else [found]
    return "\\".join(str(part).strip() for part in parts if part is not None) or None
