"""The body in a slice, and other patients made of one slice without interpolating its noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes, binary_opening, gaussian_filter, label

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.ct.hu import FIELD_OF_VIEW_FLOOR_HU

_BODY_HU = -480.0  # midway between air and tissue, so that blur does not move the skin
_LUNG_HU = -500.0
_BLUR = 2.0  # pixels; so that noise of a low dose does not break the outline
_THIN = 3  # pixels eroded from each side, which separates the body from the table


def body_outline(hu: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Pixels inside the outline of the largest connected part that is not air.

    Lungs and bowel gas are inside, table and clothes are not.

    Parameters
    ----------
    hu : (rows, columns), HU.

    Returns
    -------
    (rows, columns); all False where there is no such part.
    """
    solid = binary_opening(gaussian_filter(hu, _BLUR) > _BODY_HU, iterations=_THIN)
    parts, count = label(solid)
    if not count:
        return np.zeros(hu.shape, bool)
    largest = 1 + np.argmax(np.bincount(parts.ravel())[1:])
    return binary_fill_holes(parts == largest)


def lung_share(hu: NDArray[np.floating]) -> float:
    """Share of the pixels inside the body outline below -500 HU, in [0, 1]; 0 without a body."""
    inside = gaussian_filter(hu, _BLUR)[body_outline(hu)]
    return float((inside < _LUNG_HU).mean()) if inside.size else 0.0


_CONTRASTED_HU = (-150.0, 250.0)  # bone and air keep their values
_DETAIL_MM = 2.0  # finer detail is noise, and stays as it is


@dataclass(frozen=True)
class Patient:
    """Differences of a patient from the one in the slice.

    Attributes
    ----------
    size : relative size of the body; the pixel spacing is multiplied by it.
    contrast : relative contrast of soft tissue: above 1 as with contrast medium, below 1 without.
    right, down : shift, whole pixels; air fills the edge.
    table : whether pixels outside the body, such as the table, stay.
    """

    size: float = 1.0
    contrast: float = 1.0
    right: int = 0
    down: int = 0
    table: bool = True

    def image(self, hu: NDArray[np.floating], spacing_mm: float) -> NDArray[np.float32]:
        """Slice of this patient, (rows, columns), HU; its spacing is ``size * spacing_mm``."""
        values = hu.astype(np.float32)
        if self.contrast != 1:
            values += (self.contrast - 1) * _soft_contrast(values, spacing_mm)
        if not self.table:
            outside = ~body_outline(hu) & (hu >= FIELD_OF_VIEW_FLOOR_HU)
            values[outside] = AIR_HU
        return shifted(values, self.down, self.right)


def shifted(hu: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    """Shift a slice down by ``rows`` and right by ``columns`` pixels; air fills the edge."""
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
