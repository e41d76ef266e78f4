"""The polar grid of frequencies that parallel projections of a slice are made of.

The transform of a parallel projection is the two-dimensional transform of the slice along a line
through zero. The slice is zero-padded to twice its size and transformed. A Kaiser-Bessel window
interpolates the values on the polar grid from 4 x 4 grid points around each (Fessler & Sutton, IEEE
Trans Signal Process 2003, doi 10.1109/TSP.2002.807005). One-dimensional transforms give the
projections. Slices are band-limited, as CT slices are.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.simulate.scanners import Rays

PADDING = 2  # transforms are this much larger than the slice
SUPPORT = 4  # grid points that an interpolated value is made of, along each axis
FINENESS = 2  # samples of a projection for each pixel
_DENSITY = 1.4  # parallel views in half a turn, for each pixel across the slice
# The view after the last is the first with its ends swapped. Cubic interpolation looks two views
# ahead and one behind.
VIEWS_BEFORE, VIEWS_AFTER = 2, 3

Floats = NDArray[np.floating]
Integers = NDArray[np.intp]


class PolarGrid(NamedTuple):
    """Polar grid of a square slice, in units of pixels, and the window that interpolates it.

    Attributes
    ----------
    size : rows and columns of the slice.
    views : projections over half a turn.
    samples : of each projection; that of the axis of rotation is number ``samples // 2``.
    inside : (views * (samples // 2 + 1),), which polar frequencies the pixels carry, by view.
    row, column : (n,), the first of the grid points that each of these frequencies is made of, in
        the padded transform; negative ones are those of the end.
    down, across : (4, n), weights of the grid points.
    correction : (size, size), the inverse transform of the window.
    """

    size: int
    views: int
    samples: int
    inside: NDArray[np.bool_]
    row: Integers
    column: Integers
    down: Floats
    across: Floats
    correction: Floats

    @property
    def padded(self) -> int:
        """Rows and columns of the transform."""
        return PADDING * self.size

    @staticmethod
    def of(size: int) -> PolarGrid:
        """The grid of a slice of ``size`` rows and columns."""
        views = 4 * math.ceil(_DENSITY * size / 4)
        padded = PADDING * size
        samples = FINENESS * padded
        theta = np.arange(views) * (math.pi / views)
        frequency = np.arange(samples // 2 + 1.0)  # cycles a padded side
        x = (np.cos(theta)[:, None] * frequency).ravel()
        y = (np.sin(theta)[:, None] * frequency).ravel()
        inside = np.maximum(np.abs(x), np.abs(y)) <= padded / 2
        column, across = _taps(x[inside])
        row, down = _taps(-y[inside])  # rows run down
        window = _window_transform(size, padded)
        correction = 1 / (window[:, None] * window)
        return PolarGrid(size, views, samples, inside, row, column, down, across, correction)

    def places(self, rays: Rays, spacing_mm: float) -> tuple[Floats, Floats]:
        """View and sample at each ray, fractions: they broadcast to (views, channels).

        Views are counted among those that `VIEWS_BEFORE` are put in front of.
        """
        turns = np.floor(rays.angle / math.pi)
        view = (rays.angle / math.pi - turns) * self.views + VIEWS_BEFORE
        offset = np.where(turns % 2 == 0, rays.offset, -rays.offset)
        return view, offset / spacing_mm * FINENESS + self.samples // 2


def _taps(place: Floats) -> tuple[Integers, Floats]:
    """First grid point around each place, and the weights of it and the following ones."""
    first = np.floor(place).astype(np.intp) - SUPPORT // 2 + 1
    return first, np.stack([_window(first + tap - place) for tap in range(SUPPORT)])


def _beta() -> float:
    """Shape of the window with minimum aliasing.

    Beatty et al. 2005, doi 10.1109/TMI.2005.848376.
    """
    return math.pi * math.sqrt((SUPPORT / PADDING * (PADDING - 0.5)) ** 2 - 0.8)


def _window(distance: Floats) -> Floats:
    """Kaiser-Bessel window at a distance in grid points."""
    inside = np.maximum(1 - (2 * distance / SUPPORT) ** 2, 0)
    return np.i0(_beta() * np.sqrt(inside)) * (inside > 0)


def _window_transform(size: int, padded: int) -> Floats:
    """Transform of the window at the pixels of a row, (size,)."""
    place = (np.arange(size) - size // 2) / padded
    root = np.sqrt(_beta() ** 2 - (math.pi * SUPPORT * place) ** 2)
    return SUPPORT * np.sinh(root) / root
