"""Other patients made of one slice, without interpolating its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_fill_holes, binary_opening, gaussian_filter, label

from distiliqa.ct.fit import AIR_HU
from distiliqa.ct.hu import FIELD_OF_VIEW_FLOOR_HU

_BODY_HU = -300.0
_TABLE_PIXELS = 3  # tables, sheets and wires are thinner than twice this
_SKIN_PIXELS = 4
_CONTRASTED_HU = (-150.0, 250.0)  # bone and air keep their values
_DETAIL_MM = 2.0  # what is finer is noise, and stays as it is


@dataclass(frozen=True)
class Patient:
    """How a patient differs from the one in the slice.

    Attributes
    ----------
    size : of the body, relative; the pixels are taken to be as much larger or smaller.
    contrast : of soft tissue, relative: above 1 as with contrast medium, below 1 without.
    right, down : shift, whole pixels; air comes in where the image ends.
    table : whether what lies outside the body stays.
    """

    size: float = 1.0
    contrast: float = 1.0
    right: int = 0
    down: int = 0
    table: bool = True

    def image(self, hu: NDArray[np.floating], spacing_mm: float) -> NDArray[np.float32]:
        """The slice of this patient, of pixels of ``size * spacing_mm``; (rows, columns), HU."""
        values = hu.astype(np.float32)
        if self.contrast != 1:
            values += (self.contrast - 1) * _soft_contrast(values, spacing_mm)
        if not self.table:
            outside = ~binary_dilation(body(hu), iterations=_SKIN_PIXELS)
            values[outside & (hu >= FIELD_OF_VIEW_FLOOR_HU)] = AIR_HU
        return shifted(values, self.down, self.right)


def body(hu: NDArray[np.floating]) -> NDArray[np.bool_]:
    """The largest part that is not air, with what it encloses; nothing where all is air."""
    parts, count = label(binary_opening(hu > _BODY_HU, iterations=_TABLE_PIXELS))
    if not count:
        return np.zeros(hu.shape, np.bool_)
    largest = np.argmax(np.bincount(parts.ravel())[1:]) + 1
    return binary_fill_holes(parts == largest)


def shifted(hu: NDArray[np.float32], down: int, right: int) -> NDArray[np.float32]:
    """Move a slice by whole pixels; air comes in."""
    moved = np.full_like(hu, AIR_HU)
    rows, columns = hu.shape
    moved[max(down, 0) : rows + down, max(right, 0) : columns + right] = hu[
        max(-down, 0) : rows - down, max(-right, 0) : columns - right
    ]
    return moved


def _soft_contrast(hu: NDArray[np.float32], spacing_mm: float) -> NDArray[np.float32]:
    """Smooth differences of soft tissue from its mean, HU; 0 in air and bone."""
    low, high = _CONTRASTED_HU
    soft = ((hu > low) & (hu < high)).astype(np.float32)
    if not soft.any():
        return soft
    inside = np.clip(hu, low, high)
    mean = float(np.mean(inside[soft > 0]))
    blur = _DETAIL_MM / spacing_mm
    return gaussian_filter((inside - mean) * soft, blur) * gaussian_filter(soft, blur)
