"""One frame in HU: stored pixels decoded and rescaled, padding filled, turned to the standard view.

Pixel padding (DICOM PS3.3, C.7.5.1.1.2) marks pixels outside the field of view.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import UID

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.ct.dicom.header import Header
from distiliqa.ct.dicom.pixels import NativePixels, decode
from distiliqa.ct.hu import checked, rescale
from distiliqa.ct.slice_info import Pixels
from distiliqa.ct.source import Source

# Above this, padding has the HU of fat, water or bone, and not of what is outside the patient.
MAX_PADDING_HU = -900.0

# Pixels from the edge of the image inwards. Noise gives tissue no row of so many equal values.
MIN_EDGE_RUN = 8


def decode_frame(
    source: Source, frame: int, header: Header, syntax: UID, native: NativePixels | None
) -> Pixels:
    """Decode one frame to HU, fill the padding with air and turn it to the standard view.

    Raises `CTReadError` on pixels that cannot be decoded, or are not finite.
    """
    stored: NDArray | None = None if native is None else native.read(source)
    notes: list[str] = []
    if stored is None:
        stored, notes = decode(source, frame, syntax)
    hu = rescale(stored, header.slope, header.intercept)
    if header.padding is not None:
        notes += fill_padding(hu, stored, header.padding)
    hu = checked(hu, path=source.name)
    turned = hu if header.orientation is None else header.orientation.turn(hu)
    return turned, tuple(notes)


def fill_padding(
    hu: NDArray[np.float32], stored: NDArray, padding: tuple[int, int]
) -> tuple[str, ...]:
    """Set padding to air, in place, and warn where its value is also that of tissue.

    Such a value does not decide for a single pixel. Outside the field of view it has no noise and
    reaches the edge of the image. In tissue it is scattered. Only the first counts as padding.

    Parameters
    ----------
    hu : (rows, columns), HU.
    stored : (rows, columns), the values before the rescale.
    padding : first and last stored value that are declared as padding.
    """
    padded = padding_mask(stored, *padding)
    tissue = padded & (hu > MAX_PADDING_HU)
    if not tissue.any():
        hu[padded] = AIR_HU
        return ()
    outside = tissue & _reaches_edge(hu)
    kept = tissue & ~outside
    notes = (*_note(hu[outside], "taken as air"), *_note(hu[kept], "taken as tissue"))
    hu[padded & ~kept] = AIR_HU
    return notes


def padding_mask(stored: NDArray, first: int, last: int) -> NDArray[np.bool_]:
    """Stored values from Pixel Padding Value to Pixel Padding Range Limit.

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
    """Pixels from which all others up to one edge, along the row or the column, are equal."""
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
