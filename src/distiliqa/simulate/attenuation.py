"""A slice as it is scanned, a square of attenuation, and as it is stored again, in HU."""

from __future__ import annotations

import numpy as np

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.ct.hu import FIELD_OF_VIEW_FLOOR_HU
from distiliqa.simulate.arrays import Array, like, namespace
from distiliqa.simulate.processing.preparation import MAX_HU, MIN_HU

WATER_PER_MM = 0.0193  # linear attenuation of water at 70 keV, the mean energy of a 120 kV beam
HU_PER_ATTENUATION = 1000 / WATER_PER_MM  # HU for one per mm


def square_in_air(hu: Array) -> Array:
    """Pad slices to squares with air at the bottom or the right; what is below air becomes air.

    Parameters
    ----------
    hu : float32, (..., rows, columns), HU.
    """
    rows, columns = hu.shape[-2:]
    side = max(rows, columns)
    square = like(np.full((*hu.shape[:-2], side, side), AIR_HU), hu)
    square[..., :rows, :columns] = hu.clip(AIR_HU)
    return square


def attenuation(hu: Array) -> Array:
    """Linear attenuation at 70 keV, 1/mm."""
    return (1 + hu / 1000) * WATER_PER_MM


def as_stored(square: Array, hu: Array) -> Array:
    """Squares of changed slices as 12 bits store them; padding of ``hu`` stays as it is.

    Returns
    -------
    The shape of ``hu``, (..., rows, columns), HU.
    """
    rows, columns = hu.shape[-2:]
    image = square[..., :rows, :columns].clip(MIN_HU, MAX_HU)
    return namespace(hu).where(hu < FIELD_OF_VIEW_FLOOR_HU, hu, image)
