"""Body in a slice as coarse blocks, 64 along the shorter side: their means, and which belong to it.

Noise makes single pixels of air as dense as a body, but not blocks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.metrics.filters import box_all, part_means

BODY_HU = -250.0  # fat is above, lung, foam and noise in air are below

_BLOCKS = 64  # along the shorter side of a slice
_SAMPLES = 4  # along a block


class BodyBlocks(NamedTuple):
    """Blocks of a slice.

    Attributes
    ----------
    means : ndarray
        (rows, columns) of blocks, HU: the mean of each.
    side : int
        Side of a block, pixels.
    """

    means: NDArray[np.floating]
    side: int


def body_blocks(hu: NDArray[np.floating]) -> BodyBlocks:
    """Divide a slice into blocks.

    A block takes at most 4 x 4 of its pixels, for speed. Padding below air counts as air.
    """
    step, samples = block_sampling(hu.shape)
    means = part_means(np.maximum(hu[::step, ::step], AIR_HU), samples)
    return BodyBlocks(means, samples * step)


def block_sampling(shape: tuple[int, ...]) -> tuple[int, int]:
    """Step between the pixels that a block takes, and their number along its side."""
    block = max(1, min(shape) // _BLOCKS)
    step = max(1, block // _SAMPLES)
    return step, block // step


def spanned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Fill what lies between blocks along both axes: lungs belong to the body."""
    return _rows_filled(mask) & _rows_filled(mask.T).T


def opened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Remove what is thinner than three blocks, such as a table or a head holder."""
    return grown(shrunk(mask, 1)) & mask


def shrunk(mask: NDArray[np.bool_], depth: int) -> NDArray[np.bool_]:
    """Take ``depth`` blocks away all around; nothing lies beyond the edge of the slice."""
    rows, columns = mask.shape
    wide = np.zeros((rows + 2 * depth, columns + 2 * depth), bool)
    wide[depth : depth + rows, depth : depth + columns] = mask
    return box_all(wide, 2 * depth + 1)


def grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add one block all around."""
    wide = mask.copy()
    wide[:, 1:] |= mask[:, :-1]
    wide[:, :-1] |= mask[:, 1:]
    tall = wide.copy()
    tall[1:] |= wide[:-1]
    tall[:-1] |= wide[1:]
    return tall


def _rows_filled(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    columns = np.arange(mask.shape[1])
    first, last = mask.argmax(axis=1), columns[-1] - mask[:, ::-1].argmax(axis=1)
    between = (columns >= first[:, np.newaxis]) & (columns <= last[:, np.newaxis])
    return between & mask.any(axis=1, keepdims=True)
