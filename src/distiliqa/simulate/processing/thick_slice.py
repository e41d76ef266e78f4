"""Thick slices: averages of adjacent thin ones."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Neighbors(NamedTuple):
    """Slices of the same series around a slice, without the slice itself.

    Attributes
    ----------
    hu : (n, rows, columns), HU.
    positions_mm : (n,), along the normal, relative to the slice.
    spacing_mm : distance between adjacent slices.
    """

    hu: NDArray[np.float32]
    positions_mm: NDArray[np.floating]
    spacing_mm: float


def slab_weights(neighbors: Neighbors, thickness_mm: float) -> NDArray[np.float64]:
    """Share of the slice, then of each neighbor, in a slab around the slice; their sum is 1.

    Parameters
    ----------
    thickness_mm : of the slab. Up to the distance between slices the slice alone has a share.

    Raises
    ------
    ValueError : the neighbors do not fill the slab.
    """
    positions = np.concatenate([[0.0], neighbors.positions_mm])
    half, width = thickness_mm / 2, neighbors.spacing_mm
    low = np.maximum(positions - width / 2, -half)
    high = np.minimum(positions + width / 2, half)
    overlap = np.clip(high - low, 0, None)
    if overlap.sum() < 0.99 * thickness_mm:
        raise ValueError(f"no slices for all of {thickness_mm:g} mm around this one")
    return overlap / overlap.sum()
