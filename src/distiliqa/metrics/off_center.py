"""Place of the patient in the scanner: how far the body is from the axis of rotation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from distiliqa.ct import CTSlice, Geometry
from distiliqa.metrics.body_size import BodySize

NO_AXIS = "the header does not state the axis of the scanner (0018,9313)"


@dataclass(frozen=True)
class OffCenter:
    """Centroid of the body from the axis of the scanner.

    Attributes
    ----------
    x_mm, y_mm : float or None
        To the patient's left, and to the back, mm.
    reason : str or None
        Why there is no value; None where there is one.
    """

    x_mm: float | None = None
    y_mm: float | None = None
    reason: str | None = None

    @property
    def distance_mm(self) -> float | None:
        """Distance from the axis, mm."""
        return None if self.x_mm is None or self.y_mm is None else math.hypot(self.x_mm, self.y_mm)


def off_center(ct: CTSlice, size: BodySize) -> OffCenter:
    """Measure the centering of the patient, by Data Collection Center (DICOM PS3.3, C.8.15.3.3).

    Parameters
    ----------
    ct : CTSlice
        The slice.
    size : BodySize
        Size and place of the body in it.

    Returns
    -------
    OffCenter
        Without values and with a reason where the header does not state the axis or the position
        of the image, no body is seen, or the field of view cuts the body.
    """
    axis = _axis_mm(ct)
    if axis is None:
        return OffCenter(reason=NO_AXIS)
    if size.center_mm is None:
        return OffCenter(reason=size.reason)
    if size.truncated_share:
        return OffCenter(reason="the field of view cuts the body")
    down, right = size.center_mm
    return OffCenter(right - axis[1], down - axis[0])


def axis_in_image(ct: CTSlice) -> tuple[float, float] | None:
    """Axis of the scanner in the image, (row, column) of pixels; None where it is not stated."""
    axis = _axis_mm(ct)
    if axis is None or ct.spacing_mm is None:
        return None
    row, column = (
        (length - 1) / 2 + place / pixel
        for length, place, pixel in zip(ct.shape, axis, ct.spacing_mm, strict=True)
    )
    return row, column


def _axis_mm(ct: CTSlice) -> tuple[float, float] | None:
    """Axis of the scanner from the middle of the image in the standard view, (down, right), mm."""
    axis, geometry = ct.info.gantry.axis_mm, ct.info.geometry
    if axis is None or geometry is None:
        return None
    x, y = np.subtract(axis, _middle_mm(geometry)[:2])
    return float(y), float(x)


def _middle_mm(geometry: Geometry) -> np.ndarray:
    """Middle of the image in the patient system of DICOM, mm."""
    rows, columns = geometry.shape
    down = np.multiply(geometry.orientation.along_rows, geometry.spacing_mm[0] * (rows - 1) / 2)
    across = np.multiply(
        geometry.orientation.along_columns, geometry.spacing_mm[1] * (columns - 1) / 2
    )
    return np.asarray(geometry.origin_mm) + down + across
