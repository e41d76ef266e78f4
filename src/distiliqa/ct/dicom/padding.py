"""Pixels that a file declares as padding: no image there (DICOM PS3.3, C.7.5.1.1.2)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import AIR_HU

# Padding above this would be fat, water or bone, not something outside the patient.
PADDING_CEILING_HU = -900.0

# Pixels from the edge of the image inwards. Noise gives tissue no row of so many equal values.
MIN_EDGE_RUN = 8


def fill_padding(
    hu: NDArray[np.float32], stored: NDArray, padding: tuple[int, int]
) -> tuple[str, ...]:
    """Set padding to air, in place; give warnings where it has HU that tissue has.

    Such a value says nothing about a single pixel. What lies outside the field of view has it
    without noise, and reaches the edge of the image; tissue has it here and there. Only the first
    is taken as padding.

    Parameters
    ----------
    hu : (rows, columns), HU.
    stored : (rows, columns), the values before the rescale.
    padding : first and last stored value that are declared as padding.
    """
    padded = padding_mask(stored, *padding)
    tissue = padded & (hu > PADDING_CEILING_HU)
    outside = tissue & _reaches_edge(hu) if tissue.any() else tissue
    kept = tissue & ~outside
    notes = (*_note(hu[outside], "taken as air"), *_note(hu[kept], "taken as tissue"))
    hu[padded & ~kept] = AIR_HU
    return notes


def padding_mask(stored: NDArray, first: int, last: int) -> NDArray[np.bool_]:
    """Where stored values are Pixel Padding Value to Pixel Padding Range Limit.

    A value written with the wrong sign is taken modulo the stored type: 63536 in a signed
    16-bit image is -2000.
    """
    low, high = sorted(_wrapped(value, stored.dtype) for value in (first, last))
    return (stored >= low) & (stored <= high)


def _wrapped(value: int, dtype: np.dtype) -> int:
    if dtype.kind == "f":
        return value
    bits = 8 * dtype.itemsize
    value %= 1 << bits
    return value - (1 << bits) if dtype.kind == "i" and value >> (bits - 1) else value


def _reaches_edge(hu: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where all pixels up to one edge, along the row or the column, have one value."""
    found = np.zeros(hu.shape, dtype=bool)
    for turns in range(4):
        image, mask = np.rot90(hu, turns), np.rot90(found, turns)  # views: `found` is filled
        run = np.logical_and.accumulate(image == image[:, :1], axis=1)
        mask |= run & (run.sum(axis=1, keepdims=True) >= MIN_EDGE_RUN)
    return found


def _note(hu: NDArray[np.float32], taken_as: str) -> tuple[str, ...]:
    if hu.size == 0:
        return ()
    low, high = hu.min(), hu.max()
    values = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return (f"{hu.size} pixels of {values} HU are declared as padding: {taken_as}",)
