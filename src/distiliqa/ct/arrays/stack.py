"""Slices from files that hold only an array: one image or a stack, without geometry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.hu import check_count, checked
from distiliqa.ct.listing import CTIndex
from distiliqa.ct.slice_info import Pixels, SliceInfo
from distiliqa.ct.source import Source

ReadHU = Callable[[Source, int], NDArray[np.floating]]


def slices_last(shape: Sequence[int]) -> bool:
    """Whether three axes look like (rows, columns, slices): a square, and no square the other way.

    Such an array can be read as (slices, rows, columns), but would be cut across its slices.
    """
    return len(shape) == 3 and shape[0] == shape[1] != shape[2]


def index_stack(
    source: Source, places: Sequence[int], read_hu: ReadHU, shape: tuple[int, int]
) -> CTIndex:
    """Index the slices of a file.

    ``read_hu(source, place)`` gives one of them in HU, (rows, columns), by its place in the file. A
    stack is a series of its own; single images that share a folder make one series, in the order of
    their names.

    Parameters
    ----------
    shape : (rows, columns) of the slices.

    Raises
    ------
    CTReadError : on no slices, and on more than any series has.
    """
    check_count(len(places), path=source.name)
    series = source.folder if len(places) == 1 else source.name

    def info(frame: int, place: int) -> SliceInfo:
        decode = partial(_decode, place=place, read_hu=read_hu)
        return SliceInfo(source.name, frame, series, shape=shape, source=source, decode=decode)

    return CTIndex(tuple(info(frame, place) for frame, place in enumerate(places)))


def _decode(source: Source, place: int, read_hu: ReadHU) -> Pixels:
    return checked(read_hu(source, place), path=source.name), ()
