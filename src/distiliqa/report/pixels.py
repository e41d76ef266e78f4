"""The pixels of a slice that was scored, read again for its picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import index_ct
from distiliqa.errors import CTReadError
from distiliqa.scoring.reader import file_of
from distiliqa.scoring.result import SliceScore


def pixels_of(each: SliceScore) -> NDArray[np.float32]:
    """The slice, (rows, columns), HU.

    Raises
    ------
    CTReadError : the file is gone, or is no longer what it was.
    """
    for ref in index_ct(file_of(each.path)).slices:
        if (ref.path, ref.frame) == (each.path, each.frame):
            return ref.load().hu
    raise CTReadError("no longer holds the slice", path=each.path, remedy="score it again")
