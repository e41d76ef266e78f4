"""Axis and tilt of the gantry at a slice (DICOM PS3.3, C.8.2.1 and C.8.15.3.3)."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.dataset import Dataset

from distiliqa.ct.dicom.tags import number, numbers, written
from distiliqa.ct.geometry import is_position
from distiliqa.ct.header_facts import Gantry

# All tags that this module reads, so that an index can skip the others.
GANTRY_KEYWORDS = ("DataCollectionCenterPatient", "GantryDetectorTilt")

MAX_TILT_DEGREES = 90.0  # gantries tilt up to 30


def read_gantry(dataset: Dataset) -> Gantry:
    """Read where the gantry stood; None where that is absent or not usable."""
    axis = numbers(dataset, "DataCollectionCenterPatient")
    axis_mm = (axis[0], axis[1]) if is_position(axis) else None
    tilt = number(dataset, "GantryDetectorTilt")
    return Gantry(axis_mm, tilt if tilt is not None and abs(tilt) <= MAX_TILT_DEGREES else None)


def gantry_warnings(dataset: Dataset) -> Iterator[str]:
    """Warn of a tilt that is broken or impossible."""
    found = written(dataset, "GantryDetectorTilt")
    if found is None or read_gantry(dataset).tilt_degrees is not None:
        return
    stated = number(dataset, "GantryDetectorTilt")
    if stated is None:
        yield f"GantryDetectorTilt is {found}, not a number: not used"
    else:
        yield f"GantryDetectorTilt is {stated:g}, which no CT has: not used"
