"""Axial slices of a volume, by its affine."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.geometry import Geometry, Orientation, is_position, tilt_warnings
from distiliqa.ct.hu import check_count, check_dtype, check_size, checked, rescale
from distiliqa.ct.listing import CTIndex
from distiliqa.ct.slice_info import Pixels, SliceInfo
from distiliqa.ct.source import Source
from distiliqa.ct.spacing import pixel_warnings, square_warnings
from distiliqa.ct.volumes.voxels import Voxels
from distiliqa.errors import CTReadError, NotCTError

# Acquired pixels are square. A plane across the slices of a volume has long pixels.
_SQUARE_TOLERANCE = 0.1

# Volume of three unit vectors. Below it they lie in a plane or a line.
_MIN_DETERMINANT = 1e-6


@dataclass(frozen=True, slots=True)
class Volume:
    """A three-dimensional image of HU on disk.

    Attributes
    ----------
    path : the file of the header, which usually also has the voxels.
    voxels : location and coding of the voxels.
    to_lps : (4, 4), voxel indices to millimeters in the patient system of DICOM.
    slope, intercept : HU are ``slope * stored + intercept``.
    warnings : warnings on the header.
    """

    path: str
    voxels: Voxels
    to_lps: NDArray[np.float64]
    slope: float = 1.0
    intercept: float = 0.0
    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of voxels along each axis."""
        return self.voxels.shape

    def plane(self, axis: int, index: int) -> NDArray[np.float32]:
        """HU of the plane at ``index`` of ``axis``, with the other two axes in order."""
        return rescale(self.voxels.plane(axis, index), self.slope, self.intercept)


def index_volume(source: Source, volume: Volume) -> CTIndex:
    """Index the planes across the voxel axis that is nearest to the body axis.

    The length of the file is compared with the one in its header. No voxel is read.

    Parameters
    ----------
    source : the file.
    volume : its header.

    Raises
    ------
    NotCTError : the type holds no HU, or no plane is axial.
    CTReadError : the volume has not three axes, its file has another length, its affine is singular
        or not finite, or its planes are too small, too large or too many.
    """
    check_dtype(volume.voxels.dtype, path=volume.path)
    if len(volume.shape) != 3:
        raise CTReadError(
            f"a volume of shape {volume.shape}",
            path=volume.path,
            remedy="give one volume of three axes",
        )
    directions, spacing = _directions(volume)
    axis = int(np.argmax(np.abs(directions[2])))
    down, across = (other for other in range(3) if other != axis)
    orientation = Orientation(tuple(directions[:, across]), tuple(directions[:, down]))
    if not orientation.is_axial:
        raise NotCTError("no axial slices (oblique volume)", path=volume.path)
    check_count(volume.shape[axis], path=volume.path)
    check_size(volume.shape[down], volume.shape[across], path=volume.path)
    volume.voxels.check_length()
    sides = float(spacing[down]), float(spacing[across])
    plane = _Plane(volume, axis, orientation, sides, float(spacing[axis]))
    return CTIndex(tuple(plane.info(source, index) for index in range(volume.shape[axis])))


@np.errstate(all="ignore")
def _directions(volume: Volume) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Unit vectors along the voxel axes, in columns, and the spacing along them, mm."""
    steps = volume.to_lps[:3, :3]
    spacing = np.linalg.norm(steps, axis=0)
    directions = steps / spacing
    finite = np.isfinite(volume.to_lps).all() and np.isfinite(directions).all()
    if not finite or abs(np.linalg.det(directions)) < _MIN_DETERMINANT:
        raise CTReadError(
            "the affine of the volume is singular or not finite",
            path=volume.path,
            remedy="convert it again",
        )
    return directions, spacing


@dataclass(frozen=True, slots=True)
class _Plane:
    """The planes across ``axis``.

    ``spacing`` is that of a plane as stored, and ``step`` the distance between planes, mm.
    """

    volume: Volume
    axis: int
    orientation: Orientation
    spacing: tuple[float, float]
    step: float

    def info(self, source: Source, index: int) -> SliceInfo:
        voxels = self.volume.voxels.path
        rows, columns = self.stored_shape
        return SliceInfo(
            source.name,
            index,
            source.name,
            position_mm=self.position_mm(index),
            spacing_mm=self.orientation.turn_spacing(self.spacing),
            shape=(columns, rows) if self.orientation.swaps_axes else (rows, columns),
            warnings=self.warnings(index),
            geometry=self.geometry(index),
            tilt_degrees=self.orientation.tilt_degrees,
            step_mm=self.step if self.volume.shape[self.axis] > 1 else None,
            source=source,
            data_file=None if voxels == source.file else voxels,
            decode=partial(self.decode, index),
        )

    @property
    def stored_shape(self) -> tuple[int, int]:
        rows, columns = (n for axis, n in enumerate(self.volume.shape) if axis != self.axis)
        return rows, columns

    def geometry(self, index: int) -> Geometry | None:
        if not is_position(self.origin_mm(index)):
            return None
        return Geometry(self.origin_mm(index), self.orientation, self.spacing, self.stored_shape)

    @np.errstate(all="ignore")  # sums of extreme numbers are rejected by `is_position`
    def origin_mm(self, index: int) -> tuple[float, float, float]:
        steps, origin = self.volume.to_lps[:3, :3], self.volume.to_lps[:3, 3]
        x, y, z = (origin + index * steps[:, self.axis]).tolist()
        return x, y, z

    def position_mm(self, index: int) -> float | None:
        origin = self.origin_mm(index)
        return self.orientation.position_mm(origin) if is_position(origin) else None

    def warnings(self, index: int) -> tuple[str, ...]:
        notes = (*self.volume.warnings, *tilt_warnings(self.orientation.tilt_degrees))
        rows, columns = self.orientation.turn_spacing(self.spacing)
        notes += pixel_warnings(rows, columns)
        if self.position_mm(index) is None:
            notes += ("a position that no scanner has: taken as unknown",)
        if abs(rows / columns - 1) > _SQUARE_TOLERANCE:
            notes += (f"pixels of {rows:.3g} x {columns:.3g} mm: a plane cut across the slices",)
        else:
            notes += square_warnings(rows, columns)
        return notes

    def decode(self, index: int, source: Source) -> Pixels:
        hu = checked(self.volume.plane(self.axis, index), path=source.name)
        return self.orientation.turn(hu), ()
