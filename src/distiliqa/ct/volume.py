"""Axial slices of a volume whose affine says how it lies in the patient."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import DTypeLike, NDArray

from distiliqa.ct.detached import size_and_time
from distiliqa.ct.geometry import Geometry
from distiliqa.ct.hu import check_size, checked
from distiliqa.ct.listing import CTIndex, SliceRef
from distiliqa.ct.orientation import Orientation, tilt_warnings
from distiliqa.ct.slice import CTSlice
from distiliqa.errors import CTReadError, NotCTError

# Acquired pixels are square; a plane cut across the slices of a volume has long ones.
_SQUARE_TOLERANCE = 0.1

# Some 4000 slices of 512 x 512.
LARGEST_DECODED_BYTES = 2 << 30

_decoding = Lock()


@dataclass(frozen=True, slots=True)
class Volume:
    """A three-dimensional image of HU on disk.

    Attributes
    ----------
    path : the file.
    shape : number of voxels along the three axes.
    to_lps : (4, 4), voxel indices to millimeters in DICOM's patient system.
    read : ``read(axis, index)`` gives the HU of one plane, the other two axes in their order.
    warnings : as in `CTSlice`.
    """

    path: str
    shape: tuple[int, int, int]
    to_lps: NDArray[np.float64]
    read: Callable[[int, int], NDArray[np.floating]]
    warnings: tuple[str, ...] = ()


def index_volume(volume: Volume) -> CTIndex:
    """Index the planes across the voxel axis that runs nearest to the body axis.

    Raises `CTReadError` on an affine that is singular or not finite, on a volume without voxels
    and on planes that are too small or too large, `NotCTError` where no plane is axial.
    """
    if 0 in volume.shape:
        raise CTReadError(
            f"a volume of shape {volume.shape} holds no slices",
            path=volume.path,
            remedy="convert it again",
        )
    steps = volume.to_lps[:3, :3]
    spacing = np.linalg.norm(steps, axis=0)
    if not np.isfinite(volume.to_lps).all() or abs(np.linalg.det(steps)) < 1e-9:
        raise CTReadError(
            "the affine of the volume is singular or not finite",
            path=volume.path,
            remedy="convert it again",
        )
    directions = steps / spacing
    axis = int(np.argmax(np.abs(directions[2])))
    down, across = (other for other in range(3) if other != axis)
    orientation = Orientation(tuple(directions[:, across]), tuple(directions[:, down]))
    if not orientation.is_axial:
        raise NotCTError("no axial slices (oblique volume)", path=volume.path)
    check_size(volume.shape[down], volume.shape[across], path=volume.path)
    plane = _Plane(volume, axis, orientation, (float(spacing[down]), float(spacing[across])))
    return CTIndex(tuple(plane.ref(index) for index in range(volume.shape[axis])))


@dataclass(frozen=True, slots=True)
class _Plane:
    """The stack of planes across ``axis``; ``spacing`` is that of the plane as stored, mm."""

    volume: Volume
    axis: int
    orientation: Orientation
    spacing: tuple[float, float]

    def ref(self, index: int) -> SliceRef:
        path = self.volume.path
        load = partial(self.load, index)
        return SliceRef(
            path, index, path, self.position_mm(index), load, geometry=self.geometry(index)
        )

    def geometry(self, index: int) -> Geometry:
        rows, columns = (n for axis, n in enumerate(self.volume.shape) if axis != self.axis)
        return Geometry(self.origin_mm(index), self.orientation, self.spacing, (rows, columns))

    def origin_mm(self, index: int) -> tuple[float, float, float]:
        steps, origin = self.volume.to_lps[:3, :3], self.volume.to_lps[:3, 3]
        x, y, z = (origin + index * steps[:, self.axis]).tolist()
        return x, y, z

    def position_mm(self, index: int) -> float:
        return self.orientation.position_mm(self.origin_mm(index))

    def load(self, index: int) -> CTSlice:
        try:
            stored = self.volume.read(self.axis, index)
        except Exception as error:  # the libraries raise many kinds on damaged files
            raise CTReadError(
                f"the volume cannot be read ({str(error) or type(error).__name__})",
                path=self.volume.path,
                remedy="the file is cut short or damaged: copy or convert it again",
            ) from error
        hu = checked(stored, path=self.volume.path)
        notes = (*self.volume.warnings, *tilt_warnings(self.orientation.tilt_degrees))
        rows, columns = spacing = self.orientation.turn_spacing(self.spacing)
        if abs(rows / columns - 1) > _SQUARE_TOLERANCE:
            notes += (f"pixels of {rows:.3g} x {columns:.3g} mm: a plane cut across the slices",)
        return CTSlice(
            hu=self.orientation.turn(hu),
            path=self.volume.path,
            frame=index,
            series=self.volume.path,
            spacing_mm=spacing,
            position_mm=self.position_mm(index),
            warnings=notes,
        )


def check_decoded_size(shape: Sequence[int], dtype: DTypeLike, *, path: str) -> None:
    """Raise `CTReadError` on a volume that would fill the memory when it is decoded whole."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size > LARGEST_DECODED_BYTES:
        raise CTReadError(
            f"a compressed volume of {size / 1e9:.3g} GB is too large to be decoded whole",
            path=path,
            remedy="unpack it to .nii, which is read slice by slice",
        )


def decoded(read: Callable[[Path], NDArray[np.generic]], path: Path) -> NDArray[np.generic]:
    """The array of a file that can only be decoded whole, kept for its next slice.

    A change of the file on disk is noticed. One thread decodes, the others wait for its result.
    What ``read`` raises is kept as well, and raised again for each slice.
    """
    with _decoding:
        array = _decoded(read, path, size_and_time(path))
    if isinstance(array, Exception):
        raise array
    return array


# Two, because threads that load in reading order meet where one volume ends and the next begins.
@lru_cache(maxsize=2)
def _decoded(
    read: Callable[[Path], NDArray[np.generic]], path: Path, written: tuple[int, int]
) -> NDArray[np.generic] | Exception:
    try:
        return read(path)
    except Exception as error:  # the libraries raise many kinds on damaged files
        return error
