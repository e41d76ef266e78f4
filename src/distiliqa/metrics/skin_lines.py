"""Lines into the body from four sides, and where each of them meets the skin."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.body_outline import SKIN_HU, BodyOutline


class Lines(NamedTuple):
    """Rows and columns of a slice, seen from the front, the back, the right and the left.

    Attributes
    ----------
    first : ndarray of intp
        (lines,), flat index of the first pixel of each line.
    step : ndarray of intp
        (lines,), from one pixel of a line to the next, in flat indices.
    length : ndarray of intp
        (lines,), pixels of each line.
    view : ndarray of intp
        (lines,), 0 to 3, the side that each line begins at.
    """

    first: NDArray[np.intp]
    step: NDArray[np.intp]
    length: NDArray[np.intp]
    view: NDArray[np.intp]

    def places(self, at: NDArray[np.intp], pixels: NDArray[np.intp]) -> NDArray[np.intp]:
        """Flat indices of pixels, (..., n), of the lines ``at``, (n,)."""
        return self.first[at] + self.step[at] * pixels


@lru_cache(maxsize=4)
def lines(shape: tuple[int, int]) -> Lines:
    """Lines of a slice of this shape, (rows, columns)."""
    rows, columns = shape
    down, across = np.arange(rows), np.arange(columns)
    views = (
        (across, columns, rows),
        (across + (rows - 1) * columns, -columns, rows),
        (down * columns, 1, columns),
        (down * columns + columns - 1, -1, columns),
    )
    counts = [len(first) for first, _, _ in views]
    step, length, view = (
        np.repeat(values, counts)
        for values in ([step for _, step, _ in views], [n for _, _, n in views], np.arange(4))
    )
    return Lines(np.concatenate([first for first, _, _ in views]), step, length, view)


def skin(outline: BodyOutline) -> NDArray[np.intp]:
    """First pixel of the body on each line, counted along it; -1 for none.

    It is the first one above -300 HU after air, within three blocks.

    Parameters
    ----------
    outline : BodyOutline
        The body in the slice.

    Returns
    -------
    ndarray of intp
        (lines,), of `lines`.
    """
    seen = lines(outline.shape)
    searched = 3 * outline.side
    starts = np.minimum(_starts(outline), seen.length - searched)
    at = np.flatnonzero(starts >= 0)
    begin = seen.places(at, starts[at])
    places = begin[:, np.newaxis] + seen.step[at, np.newaxis] * np.arange(searched)
    dense = np.take(outline.hu, places) > SKIN_HU
    first = dense.argmax(axis=1)
    found = np.full(len(starts), -1)
    found[at] = np.where(first > 0, starts[at] + first, -1)
    return found


def _starts(outline: BodyOutline) -> NDArray[np.intp]:
    """Pixel at which the search for the skin begins on each line, one block early; -1 for none."""
    (rows, columns), body, side = outline.shape, outline.body, outline.side
    down, across = body.shape
    views = (
        (body.T, 0, columns),
        (body[::-1].T, rows - down * side, columns),
        (body, 0, rows),
        (body[:, ::-1], columns - across * side, rows),
    )
    return np.concatenate([_pixels(seen, side, before, count) for seen, before, count in views])


def _pixels(body: NDArray[np.bool_], side: int, before: int, count: int) -> NDArray[np.intp]:
    """Start on each of ``count`` lines, ``before`` pixels after their first block."""
    first = (body.argmax(axis=1) - 1) * side + before
    blocks = np.where(body.any(axis=1), np.maximum(first, 0), -1)
    starts = np.full(count, -1)
    starts[: len(blocks) * side] = np.repeat(blocks, side)
    return starts
