"""Slices from files that hold only an array: one image or a stack, without geometry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.hu import check_count, checked
from distiliqa.ct.listing import CTIndex, SliceRef
from distiliqa.ct.slice import CTSlice
from distiliqa.ct.source import Source

ReadHU = Callable[[Source, int], NDArray[np.floating]]


def slices_last(shape: Sequence[int]) -> bool:
    """Whether three axes look like (rows, columns, slices): a square, and no square the other way.

    Such an array can be read as (slices, rows, columns), but would be cut across its slices.
    """
    return len(shape) == 3 and shape[0] == shape[1] != shape[2]


def index_stack(source: Source, places: Sequence[int], read_hu: ReadHU) -> CTIndex:
    """Index the slices of a file.

    ``read_hu(source, place)`` gives one of them in HU, (rows, columns), by its place in the file. A
    stack is a series of its own; single images that share a folder make one series, in the order of
    their names.

    Raises
    ------
    CTReadError : on no slices, and on more than any series has.
    """
    check_count(len(places), path=source.name)
    series = source.folder if len(places) == 1 else source.name

    def ref(frame: int, place: int) -> SliceRef:
        load = partial(_load, source, frame, series, partial(read_hu, source, place))
        return SliceRef(source.name, frame, series, position_mm=None, load=load)

    return CTIndex(tuple(ref(frame, place) for frame, place in enumerate(places)))


def _load(
    source: Source, frame: int, series: str, read_hu: Callable[[], NDArray[np.floating]]
) -> CTSlice:
    hu = checked(read_hu(), path=source.name)
    return CTSlice(hu=hu, path=source.name, frame=frame, series=series)
