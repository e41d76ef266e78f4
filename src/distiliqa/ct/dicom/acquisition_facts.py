"""Acquisition facts in the tags of a slice: tube voltage and current, dose, kernel, thickness.

Impossible values are not used. An exposure that contradicts the rest of its header is replaced by
tube current times rotation time. The tags may be those of a frame of an enhanced image.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pydicom.dataset import Dataset

from distiliqa.ct.dicom.reconstruction_facts import RECONSTRUCTION_TAGS, read_reconstruction
from distiliqa.ct.dicom.tags import MAX_LABEL, code_value, number, text, value, written
from distiliqa.ct.header_facts import Acquisition

# All tags that this module reads, so that an index can skip the others.
ACQUISITION_KEYWORDS = (
    *RECONSTRUCTION_TAGS,
    "KVP",
    "XRayTubeCurrent",
    "Exposure",
    "ExposureTime",
    "RevolutionTime",
    "SpiralPitchFactor",
    "CTDIvol",
    "CTDIPhantomTypeCodeSequence",
    "ExposureModulationType",
    "ReconstructionDiameter",
    "SliceThickness",
    "BodyPartExamined",
    "AnatomicRegionSequence",
    "Manufacturer",
    "ManufacturerModelName",
)

# Of these 0 is no value either. Scanners do write a pitch of 0 in axial scans: no warning.
_ABOVE_ZERO = {"CTDIvol", "ReconstructionDiameter", "SliceThickness"}

# Scanners reconstruct up to 10 mm, and averages are some times as thick.
MAX_SLICE_THICKNESS_MM = 50.0
MAX_CTDIVOL_MGY = 1e4  # of one place; a perfusion scan, which repeats it, has some hundred
MAX_PITCH = 10.0  # two tubes reach 3.4
# A larger number is none of CT, but one in another unit or a damaged one.
_MAX = {
    "KVP": 1000.0,  # tubes of scanners have 70 to 150
    "XRayTubeCurrent": 1e4,  # 1300 mA a tube
    "XRayTubeCurrentInmA": 1e4,
    "Exposure": 1e5,  # some scanners write that of the whole scan
    "ExposureInmAs": 1e5,
    "ExposureTime": 1e6,  # of the whole scan, ms: seconds to minutes
    "ExposureTimeInms": 1e6,
    "RevolutionTime": 300.0,  # cone-beam CT at a treatment machine turns in one or two minutes
    "SpiralPitchFactor": MAX_PITCH,
    "CTDIvol": MAX_CTDIVOL_MGY,
    "ReconstructionDiameter": 2000.0,  # gantries have openings of up to 900 mm
    "SliceThickness": MAX_SLICE_THICKNESS_MM,
}

# Codes of the phantoms of CTDIvol (PS3.16, CID 4052), and their diameters, cm.
PHANTOMS_CM = {"113690": 16, "113691": 32}

CONTRADICTION = (
    "the exposure in the file contradicts tube current x time, also over the pitch: mAs is "
)
# A longer Exposure Time is that of the whole scan.
_MAX_ROTATION_S = 4.0
_BY_ROTATION, _BY_EXPOSURE_TIME = "tube current x rotation time", "tube current x exposure time"
_TOLERANCE = 1.3  # tube current is modulated within a rotation, and times and pitch are rounded
_ROUNDING_MAS = 2.0  # small exposures are written as whole numbers
# Of spiral scans: gated ones of the heart are the slowest, those with two tubes the fastest.
_MIN_PITCH, _MAX_PITCH = 0.15, 3.5


class Exposure(NamedTuple):
    """Exposure of a slice, mAs, and how it was computed; None where it is as the file states it."""

    mas: float | None
    basis: str | None = None


def read_acquisition(dataset: Dataset) -> Acquisition:
    """Read the acquisition facts of a slice; None where one is absent or not usable."""
    exposure, reconstruction = _exposure(dataset), read_reconstruction(dataset)
    return Acquisition(
        kvp=_usable(dataset, "KVP"),
        tube_current_ma=_tube_current_ma(dataset),
        exposure_mas=exposure.mas,
        ctdivol_mgy=_usable(dataset, "CTDIvol"),
        kernel=text(dataset, "ConvolutionKernel", MAX_LABEL),
        slice_thickness_mm=_usable(dataset, "SliceThickness"),
        body_part=text(dataset, "BodyPartExamined", MAX_LABEL) or _anatomic_region(dataset),
        manufacturer=text(dataset, "Manufacturer", MAX_LABEL),
        scanner=text(dataset, "ManufacturerModelName", MAX_LABEL),
        exposure_basis=exposure.basis,
        ctdi_phantom_cm=PHANTOMS_CM.get(code_value(dataset, "CTDIPhantomTypeCodeSequence")),
        pitch=_usable(dataset, "SpiralPitchFactor") or None,
        rotation_time_s=_usable(dataset, "RevolutionTime") or None,
        modulation=text(dataset, "ExposureModulationType", MAX_LABEL),
        reconstruction_method=reconstruction.method,
        reconstruction_algorithm=reconstruction.algorithm,
        reconstruction_strength=reconstruction.strength,
        field_of_view_mm=_field_of_view_mm(dataset),
    )


def acquisition_warnings(dataset: Dataset) -> Iterator[str]:
    """Warn of facts that are broken or impossible, and of a contradictory exposure."""
    for keyword in _MAX:
        if (found := written(dataset, keyword)) is None:
            continue
        if (stated := number(dataset, keyword)) is None:
            yield f"{keyword} is {found}, not a number: not used"
        elif not _is_possible(keyword, stated):
            yield f"{keyword} is {stated:g}, which no CT has: not used"
    if (exposure := _exposure(dataset)).mas != _stated_exposure_mas(dataset):
        yield f"{CONTRADICTION}{exposure.basis or 'left out'}"


def _usable(dataset: Dataset, *keywords: str) -> float | None:
    """The value of the first of ``keywords`` that has a possible one."""
    for keyword in keywords:
        found = number(dataset, keyword)
        if found is not None and _is_possible(keyword, found):
            return found
    return None


def _is_possible(keyword: str, found: float) -> bool:
    return 0 <= found <= _MAX[keyword] and (found > 0 or keyword not in _ABOVE_ZERO)


def _tube_current_ma(dataset: Dataset) -> float | None:
    return _usable(dataset, "XRayTubeCurrent", "XRayTubeCurrentInmA")


def _stated_exposure_mas(dataset: Dataset) -> float | None:
    return _usable(dataset, "Exposure", "ExposureInmAs")


def _exposure(dataset: Dataset) -> Exposure:
    """The exposure as stated; computed where it contradicts the rest of the header."""
    stated, current = _stated_exposure_mas(dataset), _tube_current_ma(dataset)
    milliseconds = _usable(dataset, "ExposureTime", "ExposureTimeInms")
    times = {
        _BY_ROTATION: _usable(dataset, "RevolutionTime"),
        _BY_EXPOSURE_TIME: milliseconds and milliseconds / 1000,
    }
    known = {basis: time for basis, time in times.items() if time}
    pitch = _usable(dataset, "SpiralPitchFactor")
    if current is None or not contradicts(stated, current, list(known.values()), pitch):
        return Exposure(stated)
    rotations = (item for item in known.items() if item[1] <= _MAX_ROTATION_S)
    basis, time = next(rotations, (None, None))
    return Exposure(time and current * time, basis)


def contradicts(
    exposure_mas: float | None,
    tube_current_ma: float | None,
    times_s: Sequence[float],
    pitch: float | None,
) -> bool:
    """Whether the exposure contradicts tube current, times and pitch of the same header.

    Exposure (0018,1152) is tube current times exposure time (PS3.3, C.8.2.1). Spiral scans often
    state the effective one: tube current times rotation time over pitch. Some scanners write
    neither: 10268 where tube current and time give 178 mAs, or 17 where they give 284.

    Parameters
    ----------
    times_s : exposure time and rotation time, s, those that are stated.
    pitch : Spiral Pitch Factor; None where it is not stated. Any usual one is then accepted.

    Returns
    -------
    False also where the header states too little to judge.
    """
    products = [tube_current_ma * time for time in times_s if time > 0] if tube_current_ma else []
    if exposure_mas is None or not products:
        return False
    if pitch is None or pitch <= 0:
        return not _agrees(exposure_mas, min(products) / _MAX_PITCH, max(products) / _MIN_PITCH)
    effective = [product / pitch for product in products]
    return not any(_agrees(exposure_mas, one, one) for one in (*products, *effective))


def _agrees(value: float, low: float, high: float) -> bool:
    low, high = low / _TOLERANCE - _ROUNDING_MAS, high * _TOLERANCE + _ROUNDING_MAS
    return low <= value <= high


def _field_of_view_mm(dataset: Dataset) -> float | None:
    """The diameter of the reconstruction; of enhanced images the longer side of the field."""
    field = value(dataset, "ReconstructionFieldOfView")
    numbers = field if isinstance(field, list) else ()
    limit = _MAX["ReconstructionDiameter"]
    sides = (side for side in numbers if isinstance(side, float) and 0 < side <= limit)
    return _usable(dataset, "ReconstructionDiameter") or max(sides, default=None)


def _anatomic_region(dataset: Dataset) -> str | None:
    """The region in Anatomic Region Sequence, used by enhanced images (PS3.3, C.7.6.16.2.8)."""
    regions = value(dataset, "AnatomicRegionSequence")
    return text(regions[0], "CodeMeaning", MAX_LABEL) if regions else None
