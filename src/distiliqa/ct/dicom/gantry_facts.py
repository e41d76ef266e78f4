"""Place and tilt of the gantry of a slice, from its header."""

from __future__ import annotations

from pydicom.dataset import Dataset

from distiliqa.ct.dicom.tags import number, numbers
from distiliqa.ct.geometry import is_position
from distiliqa.ct.header_facts import Gantry

# All tags that this module reads, so that an index can skip the others.
GANTRY_KEYWORDS = ("DataCollectionCenterPatient", "GantryDetectorTilt")


def read_gantry(dataset: Dataset) -> Gantry:
    """Read the axis and the tilt of the gantry (PS3.3, C.8.2.1 and C.8.15.3.3)."""
    return Gantry(_axis_mm(dataset), number(dataset, "GantryDetectorTilt"))


def _axis_mm(dataset: Dataset) -> tuple[float, float] | None:
    place = numbers(dataset, "DataCollectionCenterPatient")
    return (place[0], place[1]) if is_position(place) else None
