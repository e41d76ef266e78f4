"""Other patients made of one slice, without interpolating its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.ct.hu import FIELD_OF_VIEW_FLOOR_HU
from distiliqa.simulate.body import body_outline

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
            outside = ~body_outline(hu) & (hu >= FIELD_OF_VIEW_FLOOR_HU)
            values[outside] = AIR_HU
        return shifted(values, self.down, self.right)


def shifted(hu: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """The slice moved down by ``rows`` and right by ``columns`` pixels; air fills in."""
    moved = np.roll(hu, (rows, columns), (0, 1))
    moved[: max(rows, 0)] = moved[len(hu) + min(rows, 0) :] = AIR_HU
    moved[:, : max(columns, 0)] = moved[:, hu.shape[1] + min(columns, 0) :] = AIR_HU
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
