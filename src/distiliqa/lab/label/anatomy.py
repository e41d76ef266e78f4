"""Anatomy of a slice, from which its label is computed: no noise, soft tissue, and inserted blobs.

What a label measures varies slowly over a slice. So its maps have cells of 4 x 4 pixels.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion, gaussian_filter

from distiliqa.ct.window import SOFT_TISSUE
from distiliqa.lab.label.tasks import Array, Tasks, tasks_on
from distiliqa.simulate.patient import body_outline
from distiliqa.simulate.processing.non_local_means import NO_NOISE, smoothed

CELL = 4  # pixels: side of a cell of the maps
BLOCK = 32  # pixels: side of a block of the quality map that is kept
_REGION_MM = 8.0  # standard deviation of the Gaussian over which an error is averaged
_POOL_MM = 20.0  # the same for the gain: blobs are 10 mm apart
_GRID_MM = 10.0
_SKIN_MM = 6.0
_MARGIN_HU = 25.0  # from the ends of the window, where blobs would be cut
_LOW_HU, _HIGH_HU = -50.0, 110.0  # beyond them blobs point to the middle of the window
_MIN_GAIN, _MAX_GAIN = 0.02, 1.0
_NOTHING = 1e-3


def windowed(hu: NDArray[np.floating]) -> Array:
    """Values as the window of readers shows them, HU."""
    return np.clip(hu, SOFT_TISSUE.lower, SOFT_TISSUE.upper).astype(np.float32)


def means_of(values: NDArray[np.floating], side: int) -> Array:
    """Means of squares of ``side`` elements along the last two axes; a remainder is left out."""
    rows, columns = (length // side for length in values.shape[-2:])
    whole = values[..., : rows * side, : columns * side]
    squares = whole.reshape(*values.shape[:-2], rows, side, columns, side)
    return squares.mean(axis=(-3, -1)).astype(np.float32)


class Anatomy:
    """Slice without its noise, and what a label needs of it.

    Parameters
    ----------
    hu : (rows, columns), HU: a normal-dose slice.

    Attributes
    ----------
    clean : (rows, columns), HU, without the noise of the slice.
    tissue : (rows, columns), 1 for soft tissue inside the body, else 0.
    weight : share of each cell that is soft tissue.
    """

    def __init__(self, hu: NDArray[np.floating], spacing_mm: float) -> None:
        self.spacing_mm = spacing_mm
        self.clean = smoothed(hu, spacing_mm, NO_NOISE)
        inner = binary_erosion(body_outline(hu), iterations=max(1, round(_SKIN_MM / spacing_mm)))
        low, high = SOFT_TISSUE.lower + _MARGIN_HU, SOFT_TISSUE.upper - _MARGIN_HU
        self.tissue = (inner & (self.clean > low) & (self.clean < high)).astype(np.float32)
        self.weight = means_of(self.tissue, CELL)
        self._around = self._spread(self.weight, _REGION_MM)

    @property
    def tasks(self) -> Tasks:
        """The tasks on the grid of the slice."""
        rows, columns = self.clean.shape
        return tasks_on((rows, columns), self.spacing_mm)

    def mean(self, cells: NDArray[np.floating]) -> NDArray[np.floating]:
        """Mean of a map over the soft tissue; of each, where there are several."""
        total = max(float(self.weight.sum()), _NOTHING)
        return np.asarray((cells * self.weight).sum(axis=(-2, -1)) / total)

    def blocks(self, cells: NDArray[np.floating]) -> tuple[Array, Array]:
        """Means of a map over the soft tissue of blocks of 32 x 32 pixels, and their weights."""
        side = BLOCK // CELL
        weight = means_of(self.weight, side)
        means = means_of(cells * self.weight, side) / np.maximum(weight, 1e-6)
        return means.astype(np.float32), weight

    def variance(self, error: NDArray[np.floating]) -> Array:
        """Local variance of an error, HU, as readers see it: (tasks, cells), HU^2."""
        squares = means_of(self.tasks.power(error) * self.tissue, CELL)
        around = np.maximum(self._around, _NOTHING)
        return (self._spread(squares, _REGION_MM) / around).astype(np.float32)

    @cached_property
    def signs(self) -> Array:
        """Places of the blobs of each task: 1 or -1 there, else 0; (tasks, rows, columns)."""
        rows, columns = self.clean.shape
        step, count = round(_GRID_MM / self.spacing_mm), len(self.tasks.sizes)
        signs = np.zeros((count, rows, columns), np.float32)
        for i, row in enumerate(range(step // 2, rows, step)):
            for j, column in enumerate(range(step // 2, columns, step)):
                signs[(i + 2 * j) % count, row, column] = 1 if (i // count + j) % 2 else -1
        inwards = np.select([self.clean < _LOW_HU, self.clean > _HIGH_HU], [1, -1])
        return (np.where(inwards, np.abs(signs) * inwards, signs) * self.tissue).astype(np.float32)

    def blobs(self, heights: Sequence[float]) -> Array:
        """Blobs in the soft tissue, (rows, columns), of a height for each task, HU."""
        kinds = zip(self.signs, self.tasks.sizes, heights, strict=True)
        blobs = [_matched(sign, size) * (2 * np.pi * size**2 * high) for sign, size, high in kinds]
        return np.sum(blobs, axis=0, dtype=np.float32)

    def gain(self, response: NDArray[np.floating], inserted: NDArray[np.floating]) -> Array:
        """Share of the contrast of blobs that is left, 0.02 to 1: (tasks, cells).

        Parameters
        ----------
        response : (rows, columns), what ``inserted`` adds to the final image.
        inserted : (rows, columns), a result of `blobs`.
        """
        left, whole = self._matches(response), self._matches(inserted)
        floor = 1e-6 * whole.max(axis=(-2, -1), keepdims=True) + 1e-12
        return np.clip(left / np.maximum(whole, floor), _MIN_GAIN, _MAX_GAIN)

    def _matches(self, image: NDArray[np.floating]) -> Array:
        """Response of the matched filter of each task at its places, averaged around each cell."""
        places = zip(self.signs, self.tasks.sizes, strict=True)
        found = np.stack([_matched(image, size) * sign for sign, size in places])
        return self._spread(means_of(found, CELL), _POOL_MM)

    def _spread(self, cells: NDArray[np.floating], deviation_mm: float) -> Array:
        deviation = deviation_mm / (CELL * self.spacing_mm)
        return gaussian_filter(cells, (*[0] * (cells.ndim - 2), deviation, deviation))


def _matched(values: NDArray[np.floating], size: float) -> Array:
    return gaussian_filter(values, size, truncate=5)
