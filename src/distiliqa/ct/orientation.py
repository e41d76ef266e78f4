"""How a slice lies in the patient, and how to turn it to the standard view.

Directions are in DICOM's patient system, LPS: +x to the patient's left, +y to the back, +z to
the head (PS3.3, C.7.6.2.1.1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# About cos 45 degrees: beyond it another plane describes the slice better. Gantries tilt to 30.
_AXIAL_COSINE = 0.7
_TILTED_DEGREES = 1.0  # less is how exactly directions are written, or the patient's head held
_PLANES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True, slots=True)
class Orientation:
    """Direction cosines of a stored slice, the two halves of Image Orientation (Patient).

    Attributes
    ----------
    along_columns : unit vector in which the column index grows.
    along_rows : unit vector in which the row index grows.
    """

    along_columns: tuple[float, float, float]
    along_rows: tuple[float, float, float]

    @classmethod
    def from_cosines(cls, cosines: Sequence[float]) -> Orientation | None:
        """From the six numbers of (0020,0037); None where they span no plane."""
        return _spanned(tuple(float(cosine) for cosine in cosines))

    @property
    def cosines(self) -> tuple[float, ...]:
        """The six numbers of (0020,0037)."""
        return (*self.along_columns, *self.along_rows)

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit normal of the slice, (3,), read-only; it points to the head where that is known."""
        return _normal(self)

    @property
    def is_axial(self) -> bool:
        """Whether the normal runs nearer to the body axis than 45 degrees."""
        return bool(self.normal[2] > _AXIAL_COSINE)

    @property
    def tilt_degrees(self) -> float:
        """Angle between the normal and the body axis, degrees, 0 to 90."""
        return float(np.degrees(np.arccos(min(abs(self.normal[2]), 1.0))))

    @property
    def plane(self) -> str:
        """The anatomical plane nearest to the slice: sagittal, coronal or axial."""
        return _PLANES[int(np.argmax(np.abs(self.normal)))]

    def position_mm(self, point: Sequence[float]) -> float:
        """Position of the slice along its normal, mm; ``point`` is any point of the slice, mm."""
        return float(np.dot(self.normal, point))

    @property
    def swaps_axes(self) -> bool:
        """Whether `turn` exchanges rows and columns."""
        return abs(self.along_columns[0]) < abs(self.along_rows[0])

    def turn(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn an axial slice to rows towards the back and columns towards the patient's left.

        Only transposes and flips, so that no pixel value changes.
        """
        across, down = self.along_columns, self.along_rows
        if self.swaps_axes:
            image, across, down = image.T, down, across
        if down[1] < 0:
            image = image[::-1]
        if across[0] < 0:
            image = image[:, ::-1]
        return np.ascontiguousarray(image)

    def turn_back(self, image: NDArray[np.float32]) -> NDArray[np.float32]:
        """Turn a slice in the standard view to how it is stored; the inverse of `turn`."""
        across, down = self.along_columns, self.along_rows
        if self.swaps_axes:
            across, down = down, across
        if down[1] < 0:
            image = image[::-1]
        if across[0] < 0:
            image = image[:, ::-1]
        return np.ascontiguousarray(image.T if self.swaps_axes else image)

    def turn_spacing(self, spacing: tuple[float, float]) -> tuple[float, float]:
        """Spacing (between rows, between columns) of the turned slice."""
        return (spacing[1], spacing[0]) if self.swaps_axes else spacing


# All slices of a series have the same directions, and an index asks for each slice several times.
@lru_cache(maxsize=64)
def _spanned(cosines: tuple[float, ...]) -> Orientation | None:
    if len(cosines) != 6 or not all(map(math.isfinite, cosines)):
        return None
    x, y, z, a, b, c = cosines
    orientation = Orientation((x, y, z), (a, b, c))
    length = np.linalg.norm(np.cross(orientation.along_columns, orientation.along_rows))
    return orientation if abs(length - 1) < 0.1 else None


@lru_cache(maxsize=64)
def _normal(orientation: Orientation) -> NDArray[np.float64]:
    normal = np.cross(orientation.along_columns, orientation.along_rows)
    normal = normal / np.linalg.norm(normal)
    normal = normal if normal[2] >= 0 else -normal
    normal.flags.writeable = False
    return normal


def tilt_warnings(degrees: float) -> tuple[str, ...]:
    """The warning of a slice that lies oblique to the body axis, whatever tilted it."""
    if degrees < _TILTED_DEGREES:
        return ()
    return (f"tilted by {degrees:.0f} degrees, by the gantry or a reformat: not across the body",)
