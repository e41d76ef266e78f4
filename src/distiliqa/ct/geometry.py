"""Where a slice lies in the patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import undo_crop_or_pad
from distiliqa.ct.orientation import Orientation

# Of cosines and, relative to it, of a pixel spacing: what rounding in headers may change.
_ROUNDING = 1e-3

# A table runs 2 m, and some scanners count from the floor of the room.
MAX_PLACE_MM = 1e5


def is_place(point: Sequence[float]) -> bool:
    """Whether a scanner can have ``point``, x, y and z in mm. Sums of others may not be finite."""
    return len(point) == 3 and all(abs(length) <= MAX_PLACE_MM for length in point)


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where the pixels of a slice lie, as it is stored: not turned to the standard view.

    Attributes
    ----------
    origin_mm : center of the first pixel in DICOM's patient system, LPS, mm.
    orientation : directions of rows and columns.
    spacing_mm : (between rows, between columns), mm.
    shape : (rows, columns).
    """

    origin_mm: tuple[float, float, float]
    orientation: Orientation
    spacing_mm: tuple[float, float]
    shape: tuple[int, int]

    def same_grid(self, other: Geometry) -> bool:
        """Whether both have the same matrix, pixel spacing and directions, wherever they lie."""
        return (
            self.shape == other.shape
            and np.allclose(self.spacing_mm, other.spacing_mm, rtol=_ROUNDING, atol=0)
            and np.allclose(self.orientation.cosines, other.orientation.cosines, atol=_ROUNDING)
        )

    def lay(self, heatmap: NDArray[np.float32], size: int) -> NDArray[np.float32]:
        """Lay a map of the cropped or padded slice over the slice as it is stored.

        Parameters
        ----------
        heatmap : (rows, columns) of patches over that slice, in the standard view.
        size : rows and columns of that slice, pixels.

        Returns
        -------
        Of ``shape``: the value of the patch each pixel lies in, NaN where the model did not look.
        """
        rows, columns = self.shape
        turned = (columns, rows) if self.orientation.swaps_axes else (rows, columns)
        return self.orientation.turn_back(undo_crop_or_pad(heatmap, turned, size))
