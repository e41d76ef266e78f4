"""Outline of the body in a slice: its blocks, its skin as seen from four sides, and the field."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.metrics.body_blocks import BODY_HU, body_blocks, grown, opened, spanned

SKIN_HU = -300.0  # between air and fat, doi 10.1118/1.4961984
_AIR_HU = -850.0
_MIN_BODY = 20  # blocks
_SAMPLED = 4  # every which pixel beyond the inscribed circle is looked at
_CORNER = 0.1  # of a side, beyond the circle: there are the corners
_BLURRED = 6.0  # pixels around the circle

# Views from the front, the back, the patient's right and left; lines of each run into the body.
VIEWS: tuple[Callable[[NDArray], NDArray], ...] = (
    lambda image: image.T,
    lambda image: image[::-1].T,
    lambda image: image,
    lambda image: image[:, ::-1],
)


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

    @cached_property
    def skins(self) -> tuple[NDArray[np.intp], ...]:
        """First pixel of the body on each line of `VIEWS`, counted along the line; -1 for none."""
        return tuple(
            _skin(view(self.hu), _pixel_starts(view(self.body), self.side, edge), self.side)
            for view, edge in zip(VIEWS, self._rests, strict=True)
        )

    @cached_property
    def is_round(self) -> bool:
        """Whether the field of view is the inscribed circle: nothing is seen beyond it.

        The corners are filled with air. A filter may have blurred the circle itself.
        """
        every = (slice(None, None, _SAMPLED),) * 2
        hu, room = self.hu[every], field_room(self.hu.shape, True)[every]
        corners = hu[room < -_CORNER * min(self.hu.shape)]
        return bool(np.all(corners <= AIR_HU) and np.all(hu[room < -_BLURRED] <= SKIN_HU))

    @cached_property
    def air(self) -> NDArray[np.bool_]:
        """Blocks of air around the body, two blocks away from all that is denser."""
        solid = (self.means > _AIR_HU) | self.parts
        return ~grown(grown(solid))

    @cached_property
    def room(self) -> NDArray[np.float32]:
        """Distance of each pixel from the edge of the field of view, pixels; below 0 beyond it."""
        return field_room(self.hu.shape, self.is_round)

    @property
    def _rests(self) -> tuple[tuple[int, int], ...]:
        """Of each view: pixels before the first block of a line, and the number of its lines."""
        (rows, columns), (down, across) = self.hu.shape, self.body.shape
        return (
            (0, columns),
            (rows - down * self.side, columns),
            (0, rows),
            (columns - across * self.side, rows),
        )


def body_outline(hu: NDArray[np.floating]) -> BodyOutline | None:
    """Find the body in a slice.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.

    Returns
    -------
    BodyOutline or None
        None where no body is seen.
    """
    means, side = body_blocks(hu)
    dense = means > BODY_HU
    thick = opened(dense)
    largest = _largest(thick)
    if np.count_nonzero(largest) < _MIN_BODY:
        return None
    parts, body = (spanned(grown(part) & dense) for part in (thick, largest))
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
    count = 0
    while np.count_nonzero(part) > count:
        count = int(np.count_nonzero(part))
        part = _along_rows(_along_rows(part, mask).T, mask.T).T
    return part


def _along_rows(part: NDArray[np.bool_], mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Grow a part along rows to the ends of the runs of the mask that it touches."""
    starts = mask.copy()
    starts[:, 1:] &= ~mask[:, :-1]
    runs = np.cumsum(starts, axis=None).reshape(mask.shape)
    touched = np.zeros(int(runs[-1, -1]) + 1, bool)
    touched[runs[part]] = True
    return touched[runs] & mask


def _pixel_starts(blocks: NDArray[np.bool_], side: int, edge: tuple[int, int]) -> NDArray[np.intp]:
    """Pixel at which the search for the skin begins on each line, one block early; -1 for none."""
    before, lines = edge
    first = np.where(blocks.any(axis=1), (blocks.argmax(axis=1) - 1) * side + before, -side)
    starts = np.full(lines, -1)
    pixels = np.repeat(np.where(first > -side, np.maximum(first, 0), -1), side)
    starts[: len(pixels)] = pixels
    return starts


def _skin(lines: NDArray[np.float32], starts: NDArray[np.intp], side: int) -> NDArray[np.intp]:
    """First pixel above -300 HU after air on each line, within three blocks; -1 for none."""
    places = starts[:, np.newaxis] + np.arange(3 * side)
    places = np.clip(places, 0, lines.shape[1] - 1)
    dense = np.take_along_axis(lines, places, axis=1) > SKIN_HU
    found = dense.any(axis=1) & ~dense[:, 0] & (starts >= 0)
    return np.where(found, starts + dense.argmax(axis=1), -1)


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
