"""Outline of the body in a slice: its blocks, the air around it, and the field of view."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.metrics.body_blocks import BODY_HU, BodyBlocks, body_blocks, grown, opened, spanned

SKIN_HU = -300.0  # between air and fat, doi 10.1118/1.4961984
_AIR_HU = -850.0
_MIN_BODY = 20  # blocks
_SAMPLED = 4  # every fourth pixel beyond the inscribed circle is read
_CORNER = 0.1  # of a side, beyond the circle: there are the corners
_BLURRED = 6.0  # pixels around the circle


@dataclass(frozen=True, eq=False)
class BodyOutline:
    """The body in a slice.

    Attributes
    ----------
    hu : ndarray of float32
        (rows, columns), HU.
    means : ndarray
        (rows, columns) of blocks, HU: the mean of each block.
    parts : ndarray of bool
        Blocks that are as dense as fat in all parts that are thicker than a table, and what lies
        between them along both axes: body, arms, both legs.
    body : ndarray of bool
        The same of the largest connected part alone.
    side : int
        Side of a block, pixels.
    """

    hu: NDArray[np.float32]
    means: NDArray[np.floating]
    parts: NDArray[np.bool_]
    body: NDArray[np.bool_]
    side: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the slice."""
        rows, columns = self.hu.shape
        return rows, columns

    @cached_property
    def is_round(self) -> bool:
        """Whether the field of view is the inscribed circle: nothing is seen beyond it.

        The corners are filled with air. A filter may have blurred the circle itself.
        """
        corners, beyond = _beyond_circle(self.shape)
        # In the smallest slices none of the pixels that are read lies beyond it.
        corner_hu, beyond_hu = (
            self.hu.take(places).max(initial=AIR_HU) for places in (corners, beyond)
        )
        return bool(corner_hu <= AIR_HU and beyond_hu <= SKIN_HU)

    @cached_property
    def air(self) -> NDArray[np.bool_]:
        """Blocks of air around the body, two blocks away from all that is denser."""
        solid = (self.means > _AIR_HU) | self.parts
        return ~grown(grown(solid))

    @cached_property
    def room(self) -> NDArray[np.float32]:
        """Distance of each pixel from the edge of the field of view, pixels; below 0 beyond it."""
        return field_room(self.hu.shape, self.is_round)


def body_outline(hu: NDArray[np.floating], blocks: BodyBlocks | None = None) -> BodyOutline | None:
    """Find the body in a slice.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.
    blocks : BodyBlocks, optional
        Its blocks, for speed; computed if None.

    Returns
    -------
    BodyOutline or None
        None where no body is seen.
    """
    means, side = blocks or body_blocks(hu)
    dense = means > BODY_HU
    thick = opened(dense)
    largest = _largest(thick)
    if np.count_nonzero(largest) < _MIN_BODY:
        return None
    parts = body = spanned(grown(thick) & dense)
    if np.count_nonzero(largest) < np.count_nonzero(thick):
        body = spanned(grown(largest) & dense)
    return BodyOutline(np.asarray(hu, np.float32), means, parts, body, side)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part of a mask."""
    left, largest = mask, np.zeros_like(mask)
    while np.count_nonzero(left) > np.count_nonzero(largest):
        part = _connected(left)
        left = left & ~part
        largest = max(largest, part, key=np.count_nonzero)
    return largest


def _connected(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The part of a mask that is connected to its middle block in reading order."""
    places = np.flatnonzero(mask)
    part = np.zeros_like(mask)
    part.flat[places[len(places) // 2]] = True
    along_rows, along_columns = _runs(mask), _runs(mask.T).T
    count = 0
    while np.count_nonzero(part) > count:
        count = int(np.count_nonzero(part))
        for runs in (along_rows, along_columns):
            part = _touched(part, runs) & mask
    return part


def _runs(mask: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Number of the run of the mask along a row, for each block of it."""
    starts = mask.copy()
    starts[:, 1:] &= ~mask[:, :-1]
    return np.cumsum(starts, dtype=np.intp).reshape(mask.shape)


def _touched(part: NDArray[np.bool_], runs: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Blocks with the numbers of the runs that a part touches."""
    touched = np.zeros(int(runs.max()) + 1, bool)
    touched[runs[part]] = True
    return touched[runs]


@lru_cache(maxsize=4)
def _beyond_circle(shape: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Every fourth pixel beyond the inscribed circle, in the corners and all: flat indices."""
    sampled = np.zeros(shape, bool)
    sampled[::_SAMPLED, ::_SAMPLED] = True
    places = np.flatnonzero(sampled)
    room = field_room(shape, True).take(places)
    return places[room < -_CORNER * min(shape)], places[room < -_BLURRED]


@lru_cache(maxsize=4)
def field_room(shape: tuple[int, int], is_round: bool) -> NDArray[np.float32]:
    """Distance of each pixel from the edge of a field of view, pixels; read-only."""
    down, across = (np.abs(np.arange(n) - (n - 1) / 2) for n in shape)
    rows, columns = shape
    if is_round:
        room = min(shape) / 2 - np.hypot(down[:, np.newaxis], across)
    else:
        room = np.minimum(rows / 2 - down[:, np.newaxis], columns / 2 - across)
    room = room.astype(np.float32)
    room.flags.writeable = False
    return room
