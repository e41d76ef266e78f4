"""Pixel spacing of CT: its range, square pixels, and the unit of lengths in a file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.errors import CTReadError

# Fields of view of 50 mm over 1024 pixels, and of 800 mm over 256.
MIN_PIXEL_MM, MAX_PIXEL_MM = 0.05, 3.2

MAX_SIDE_DIFFERENCE = 0.02  # of the sides of a pixel, relative: rounding in headers

_MIN_SIDE_MM, _MAX_SIDE_MM = 0.01, 20.0  # of a pixel in any image of a body

MILLIMETERS = {"m": 1e3, "cm": 10.0, "mm": 1.0, "um": 1e-3}


def is_of_ct(*pixel_mm: float) -> bool:
    """Whether pixels of CT can have these sides, mm."""
    return all(MIN_PIXEL_MM <= side <= MAX_PIXEL_MM for side in pixel_mm)


def pixel_warnings(rows: float, columns: float) -> tuple[str, ...]:
    """Warn of pixel spacings that no CT has; between rows and between columns, mm."""
    if is_of_ct(rows, columns):
        return ()
    return (f"pixels of {rows:.3g} x {columns:.3g} mm, which no CT has: check the pixel spacing",)


def square_warnings(rows: float, columns: float) -> tuple[str, ...]:
    """Warn of pixels that are not square; scanners reconstruct square ones. Sides in mm."""
    if abs(rows / columns - 1) <= MAX_SIDE_DIFFERENCE:
        return ()
    return (f"pixels of {rows:.3g} x {columns:.3g} mm are not square: resampled, as is the noise",)


def square_side(spacing_mm: tuple[float, float] | None, *, path: str | Path) -> float:
    """The side of square pixels, mm, for computations in millimeters.

    Raises `CTReadError` where the spacing is unknown or impossible, or the pixels are not square.
    """
    if spacing_mm is None:
        raise CTReadError("lacks Pixel Spacing", path=path, remedy="get the file again")
    rows, columns = spacing_mm
    of_body = all(_MIN_SIDE_MM <= side <= _MAX_SIDE_MM for side in spacing_mm)
    if not of_body or square_warnings(rows, columns):
        raise CTReadError(
            f"has pixels of {rows:.3g} x {columns:.3g} mm, not square ones of CT",
            path=path,
            remedy="get the file as the scanner made it",
        )
    return rows


@np.errstate(all="ignore")  # `index_volume` reports what is not finite
def in_millimeters(
    affine: NDArray[np.float64], unit: str
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Convert an affine to millimeters.

    Some writers state a unit and write millimeters. Where the numbers as millimeters are pixels of
    CT and in the unit are not, they are taken as millimeters, with a warning.

    Parameters
    ----------
    affine : (4, 4), voxel indices to lengths.
    unit : unit of the lengths: m, cm, mm or um.

    Returns
    -------
    The affine in millimeters, and warnings.
    """
    scaled = affine.copy()
    scaled[:3] *= MILLIMETERS[unit]
    written, meant = (
        np.sort(np.linalg.norm(matrix[:3, :3], axis=0)) for matrix in (affine, scaled)
    )
    if is_of_ct(*meant[:2]) or not is_of_ct(*written[:2]):
        return scaled, ()
    return affine, (
        f"the file gives its lengths in {unit}, which makes pixels of {meant[0]:.3g} mm: "
        "taken as mm",
    )
