"""Mean and standard deviation in boxes on a coarse grid over a slice."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import box_all, box_mean, part_moments
from distiliqa.metrics.noise_level import BOX_MM, SOFT_TISSUE_HU, sample_factor

CELL = 3  # pixels
_MIN_CELLS = 3  # along a box: fewer pixels miss noise that is correlated
_AROUND_HU = 100.0  # of the range of a tissue, in which all cells of a box lie


@dataclass(frozen=True, eq=False)
class Boxes:
    """Mean and standard deviation of boxes of about 6 mm, one at each cell of 3 x 3 pixels.

    Attributes
    ----------
    cells : ndarray of float32
        (rows, columns), HU: the mean of each cell.
    squares : ndarray of float32
        (rows, columns), HU^2: the mean square of each cell.
    count : int
        Cells along a box.
    """

    cells: NDArray[np.float32]
    squares: NDArray[np.float32]
    count: int

    @property
    def side(self) -> int:
        """Side of a box, pixels."""
        return self.count * CELL

    @cached_property
    def means(self) -> NDArray[np.float32]:
        """(rows, columns), HU, of the boxes that begin at each cell."""
        return box_mean(self.cells, self.count)

    @cached_property
    def deviations(self) -> NDArray[np.float32]:
        """(rows, columns), HU: the sample standard deviation in each box."""
        variance = box_mean(self.squares, self.count) - self.means**2
        return np.sqrt(np.maximum(variance, 0) * sample_factor(self.side))

    @cached_property
    def soft(self) -> NDArray[np.bool_]:
        """Boxes of soft tissue."""
        return self.of_tissue(SOFT_TISSUE_HU)

    def of_tissue(self, hu_range: tuple[float, float]) -> NDArray[np.bool_]:
        """Boxes whose mean lies in a range of HU, and all of whose cells lie near it."""
        low, high = hu_range
        inside = (self.means > low) & (self.means < high)
        if not inside.any():
            return inside
        near = (self.cells > low - _AROUND_HU) & (self.cells < high + _AROUND_HU)
        return inside & box_all(near, self.count)

    def centered(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Cells in the middle of chosen boxes, (rows, columns) of ``cells``."""
        before = self.count // 2
        middle = np.zeros(self.cells.shape, bool)
        rows, columns = chosen.shape
        middle[before : before + rows, before : before + columns] = chosen
        return middle


def boxes(hu: NDArray[np.floating], pixel_mm: float) -> Boxes:
    """Lay boxes of about 6 mm over a slice.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.
    pixel_mm : float
        Side of a pixel, mm.
    """
    values = np.asarray(hu, np.float32)
    count = max(_MIN_CELLS, round(BOX_MM / (CELL * pixel_mm)))
    return Boxes(*part_moments(values, CELL), count)
