"""Identify DICOM files and frames that are axial CT slices, by their tags."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
    MediaStorageDirectoryStorage,
)

from distiliqa.ct.dicom.beginning import begins_as_dicom
from distiliqa.ct.dicom.image_type import unfit_derivation, unfit_type
from distiliqa.ct.dicom.tags import number, numbers, text, value, written
from distiliqa.ct.geometry import Orientation
from distiliqa.ct.hu import check_size
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError, NotCTError, shortened

# All tags that this module reads, so that an index can skip the others.
IMAGE_KEYWORDS = (
    "SOPClassUID",
    "Modality",
    "ImageType",
    "VolumetricProperties",
    "VolumeBasedCalculationTechnique",
    "DerivationCodeSequence",
    "RescaleType",
    "RealWorldValueMappingSequence",
    "Rows",
    "Columns",
    "NumberOfFrames",
)

# Values of Rescale Type for units other than HU: mg/ml, atomic number, electron densities, modified
# HU and percent (PS3.3, C.11.1.1.2). Other values only give a warning: many files are careless.
_UNITS_OF_MAPS = {"MGML", "Z_EFF", "ED", "EDW", "HU_MOD", "PCT"}

# Hounsfield units as unified code for units of measure (PS3.16, CID 83), and in words.
_HU_UNITS = {"[hnsf'u]", "hnsf'u", "hu", "hounsfield", "hounsfield unit", "hounsfield units"}

# Start of Photometric Interpretation for color images and palettes (PS3.3, C.7.6.3.1.2).
_COLOR = ("PALETTE", "RGB", "YBR", "HSV", "ARGB", "CMYK")

_CT_CLASSES = {
    CTImageStorage,
    EnhancedCTImageStorage,
    LegacyConvertedEnhancedCTImageStorage,
}


def is_dicom(source: Source) -> bool:
    """Whether a file begins as DICOM, see `begins_as_dicom`.

    Raises `CTReadError` where it cannot be opened.
    """
    try:
        with source.open() as stream:
            return begins_as_dicom(stream)
    except Exception as error:  # a file without permission, a damaged member of a zip
        reason = getattr(error, "strerror", None) or error
        raise CTReadError(
            f"cannot be opened ({reason})",
            path=source.name,
            remedy="check its permissions or copy it again",
        ) from error


def check_kind(dataset: Dataset, *, path: str) -> None:
    """Raise `NotCTError` unless the file states that it is CT.

    Modality decides. An object of another class than CT, such as Secondary Capture, must also have
    a position and a rescale. Screen shots in a CT study lack them.
    """
    sop_class, modality = UID(text(dataset, "SOPClassUID") or ""), text(dataset, "Modality")
    if not sop_class and modality is None:
        raise CTReadError(
            "lacks Modality (0008,0060) and SOPClassUID (0008,0016), or its header is cut short",
            path=path,
            remedy="copy it again, or export the series again with one of them",
        )
    if modality not in (None, "CT") or (modality is None and sop_class not in _CT_CLASSES):
        raise NotCTError(
            f"modality {shortened(modality or 'unknown')}, not CT ({shortened(sop_class.name)})",
            path=path,
            remedy="give a CT series",
        )
    is_slice = "ImagePositionPatient" in dataset and "RescaleSlope" in dataset
    if sop_class not in _CT_CLASSES and not is_slice:
        raise NotCTError(
            f"{shortened(sop_class.name)} without a position and a rescale, not a CT slice",
            path=path,
            remedy="give the original CT series",
        )


def check_image(dataset: Dataset, *, path: str) -> None:
    """Raise `NotCTError` unless it is a gray-scale image, `CTReadError` on CT without an image."""
    if dataset.file_meta.get("MediaStorageSOPClassUID") == MediaStorageDirectoryStorage:
        raise NotCTError("a list of images (DICOMDIR), not an image", path=path)
    _check_matrix(dataset, path)
    kind = text(dataset, "PhotometricInterpretation") or ""
    if (number(dataset, "SamplesPerPixel") or 1) > 1 or kind.startswith(_COLOR):
        raise NotCTError(
            "a color image holds no HU", path=path, remedy="give the original CT series"
        )


def _check_matrix(dataset: Dataset, path: str) -> None:
    sop_class = UID(text(dataset, "SOPClassUID") or "")
    sides = {"Rows": "Rows (0028,0010)", "Columns": "Columns (0028,0011)"}
    for side in sides:
        if number(dataset, side) is None and (found := written(dataset, side)) is not None:
            raise CTReadError(
                f"{side} is {found}, not a number", path=path, remedy="export the series again"
            )
    missing = [name for side, name in sides.items() if number(dataset, side) is None]
    if missing and sop_class and sop_class not in _CT_CLASSES:
        raise NotCTError(
            f"no image in it ({shortened(sop_class.name)})", path=path, remedy="give the CT series"
        )
    if missing:
        raise CTReadError(
            f"lacks {' and '.join(missing)}, or its header is cut short",
            path=path,
            remedy="copy it again, or export the series again with all attributes of its pixels",
        )
    rows, columns = (int(number(dataset, side) or 0) for side in ("Rows", "Columns"))
    check_size(rows, columns, path=path)


def unfit(frame: Dataset) -> str | None:
    """Reason why a frame is no axial slice; None if it is one."""
    reason = unfit_type(text(frame, "ImageType") or "") or _computed(frame)
    if reason is not None:
        return reason
    orientation = Orientation.from_cosines(numbers(frame, "ImageOrientationPatient"))
    if orientation is not None and not orientation.is_axial:
        return f"not an axial slice ({orientation.plane})"
    return None


def _computed(frame: Dataset) -> str | None:
    """Reason why a frame was computed, by tags other than Image Type (PS3.3, C.8.16.2)."""
    technique = text(frame, "VolumeBasedCalculationTechnique")
    if technique not in (None, "NONE", "MIXED"):
        name = shortened(technique)
        return f"a projection or reformat (Volume Based Calculation Technique {name})"
    if text(frame, "VolumetricProperties") == "DISTORTED":
        return "a reformat of other slices (Volumetric Properties DISTORTED)"
    if (unit := text(frame, "RescaleType") or "").upper() in _UNITS_OF_MAPS:
        return f"a map of a material, not HU (Rescale Type {unit})"
    if (mapped := _mapped_unit(frame)) is not None:
        return f"a map of a material, not HU (Real World Value Mapping in {mapped})"
    items = value(frame, "DerivationCodeSequence") or ()
    return unfit_derivation(text(item, "CodeValue") or "" for item in items)


def _mapped_unit(frame: Dataset) -> str | None:
    """The unit of real world values (PS3.3, C.7.6.16.2.11) if none of the mappings is to HU."""
    mappings = value(frame, "RealWorldValueMappingSequence") or ()
    codes = [(value(item, "MeasurementUnitsCodeSequence") or [Dataset()])[0] for item in mappings]
    units = [text(code, "CodeValue") or text(code, "CodeMeaning") for code in codes]
    named = [shortened(unit) for unit in units if unit is not None]
    return None if not named or any(map(is_hu, named)) else named[0]


def is_hu(unit: str) -> bool:
    """Whether a unit is the Hounsfield unit, however it is spelled."""
    return unit.strip().lower() in _HU_UNITS
