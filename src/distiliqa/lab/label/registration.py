"""Errors of an image without the part that only displaces anatomy a little.

Readers do not see that an organ is a millimeter out of place. Where an error is that of a smooth
field of small displacements, it is a product of the field and the gradient of the anatomy. The
field comes from least squares around each pixel (Lucas & Kanade 1981).
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from distiliqa.lab.label.tasks import Array

_AROUND_MM = 8.0  # standard deviation of the Gaussian within which one displacement holds
_MIN_GRADIENT = 1.0  # HU a pixel, root mean square: flatter anatomy shows no displacement


def without_displacement(error: Array, anatomy: Array, spacing_mm: float) -> Array:
    """Error, (rows, columns), HU, less what displacement of the anatomy, HU, explains."""
    down, right = (np.asarray(slope, np.float32) for slope in np.gradient(anatomy))
    deviation = _AROUND_MM / spacing_mm

    def around(one: Array, other: Array) -> Array:
        return gaussian_filter(one * other, deviation)

    floor = _MIN_GRADIENT**2
    rows, columns = around(down, down) + floor, around(right, right) + floor
    mixed, of_rows, of_columns = around(down, right), around(down, error), around(right, error)
    determinant = rows * columns - mixed**2
    move_down = (columns * of_rows - mixed * of_columns) / determinant
    move_right = (rows * of_columns - mixed * of_rows) / determinant
    return np.asarray(error - move_down * down - move_right * right, np.float32)
