"""Position and orientation of a slice in the patient, and turning it to the standard view.

Directions are in the patient system of DICOM, LPS: +x to the patient's left, +y to the back, +z to
the head (PS3.3, C.7.6.2.1.1).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import undo_crop_or_pad

# About cos 45 degrees. Beyond it another plane describes the slice better. Gantries tilt up to 30.
_AXIAL_COSINE = 0.7
_TILTED_DEGREES = 1.0  # below this: rounding of the directions, or how the head was held
_PLANES = ("sagittal", "coronal", "axial")

# Rounding in headers: of direction cosines, and of a pixel spacing relative to it.
_ROUNDING = 1e-3

# NIfTI's x and y run to the patient's right and front, DICOM's to the left and back.
LPS_AND_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])  # from either to the other

# A table moves 2 m, and some scanners measure from the floor of the room.
MAX_COORDINATE_MM = 1e5


def is_position(point: Sequence[float]) -> bool:
    """Whether a scanner can give ``point`` (x, y, z in mm). It rejects nan and huge numbers."""
    return len(point) == 3 and all(abs(length) <= MAX_COORDINATE_MM for length in point)


@dataclass(frozen=True, slots=True)
class Orientation:
    """Direction cosines of a stored slice, the two halves of Image Orientation (Patient).

    Attributes
    ----------
    along_columns : tuple[float, float, float]
        Unit vector in which the column index grows.
    along_rows : tuple[float, float, float]
        Unit vector in which the row index grows.
    """

    along_columns: tuple[float, float, float]
    along_rows: tuple[float, float, float]

    @classmethod
    def from_cosines(cls, cosines: Sequence[float]) -> Orientation | None:
        """Make it from the six numbers of (0020,0037); None where they span no plane."""
        return _spanned(tuple(float(cosine) for cosine in cosines))

    @property
    def cosines(self) -> tuple[float, ...]:
        """The six numbers of (0020,0037)."""
        return (*self.along_columns, *self.along_rows)

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit normal of the slice, (3,), read-only. It points to the head, never to the feet."""
        return _normal(self)

    @property
    def is_axial(self) -> bool:
        """Whether the angle between normal and body axis is less than 45 degrees."""
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

        It is transposed and flipped only. No pixel value changes.
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


# All slices of a series have the same directions, and an index asks for them several times a slice.
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
    """Warn of a slice that is oblique to the body axis, whatever the cause."""
    if degrees < _TILTED_DEGREES:
        return ()
    return (f"tilted by {degrees:.0f} degrees, by the gantry or a reformat: not across the body",)


@dataclass(frozen=True, slots=True)
class Geometry:
    """Position of the pixels of a slice as it is stored, before it is turned.

    Attributes
    ----------
    origin_mm : tuple[float, float, float]
        Center of the first pixel in the patient system of DICOM, LPS, mm.
    orientation : Orientation
        Directions of rows and columns.
    spacing_mm : tuple[float, float]
        (between rows, between columns), mm.
    shape : tuple[int, int]
        (rows, columns).
    """

    origin_mm: tuple[float, float, float]
    orientation: Orientation
    spacing_mm: tuple[float, float]
    shape: tuple[int, int]

    @property
    def center_mm(self) -> tuple[float, float, float]:
        """Center of the slice in the patient system of DICOM, LPS, mm."""
        down, across = ((n - 1) / 2 * mm for n, mm in zip(self.shape, self.spacing_mm, strict=True))
        steps = zip(self.orientation.along_columns, self.orientation.along_rows, strict=True)
        moved = (across * along + down * below for along, below in steps)
        x, y, z = (start + move for start, move in zip(self.origin_mm, moved, strict=True))
        return x, y, z

    def same_grid(self, other: Geometry) -> bool:
        """Whether both have the same matrix, pixel spacing and directions, at any position."""
        return (
            self.shape == other.shape
            and np.allclose(self.spacing_mm, other.spacing_mm, rtol=_ROUNDING, atol=0)
            and np.allclose(self.orientation.cosines, other.orientation.cosines, atol=_ROUNDING)
        )

    def lay(self, heatmap: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """Lay a heatmap of the cropped or padded slice over the slice as it is stored.

        Parameters
        ----------
        heatmap : (rows, columns) of patches over that slice, in the standard view.
        size : rows and columns of that slice, pixels.

        Returns
        -------
        float32, of ``shape``: for each pixel the value of its patch; NaN where the slice was
        cropped.
        """
        rows, columns = self.shape
        turned = (columns, rows) if self.orientation.swaps_axes else (rows, columns)
        return self.orientation.turn_back(undo_crop_or_pad(heatmap, turned, size))
