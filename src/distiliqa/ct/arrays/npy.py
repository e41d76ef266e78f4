"""NumPy files (.npy) of HU, and the index of stacks without geometry, which TIFF shares."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.hu import check_count, check_dtype, check_size, checked
from distiliqa.ct.listing import CTIndex
from distiliqa.ct.slice_info import Pixels, SliceInfo
from distiliqa.ct.source import Source
from distiliqa.ct.volumes.coding import MAX_PADDING_BYTES
from distiliqa.errors import CTReadError
from distiliqa.files import open_regular

# NumPy parses a header as Python code. In releases of Python 3.11 and 3.12 from before 2024 this
# sometimes fails in two threads at once (python/cpython issue 106905), and refuses a sound file.
parsing = Lock()

MAX_HEADER_BYTES = 10_000  # NumPy's own limit


def index_npy(source: Source) -> CTIndex:
    """Find the slices of a .npy file: one slice (rows, columns) or (slices, rows, columns).

    Pickled objects are never loaded.

    Raises
    ------
    NotCTError : the type holds no HU.
    CTReadError : the file is damaged, or its shape is that of no slice and no stack.
    """
    path = source.on_disk_path()
    try:
        array = _open(path)
    except Exception as error:  # numpy raises several kinds; some advise to load pickled objects
        raise CTReadError(
            "not readable as a NumPy array of numbers, cut short, or longer than its header states",
            path=path,
            remedy="save HU with numpy.save, as float32",
        ) from error
    check_dtype(array.dtype, path=source.name)
    if array.ndim not in (2, 3) or array.size == 0:
        raise CTReadError(
            f"an array of shape {array.shape} is no CT slice",
            path=path,
            remedy="give HU as (rows, columns) or (slices, rows, columns)",
        )
    if slices_last(array.shape):
        raise CTReadError(
            f"an array of shape {array.shape} looks like (rows, columns, slices)",
            path=path,
            remedy="give HU as (slices, rows, columns): numpy.moveaxis(array, -1, 0)",
        )
    rows, columns = array.shape[-2:]
    check_size(rows, columns, path=source.name)
    places = range(1 if array.ndim == 2 else len(array))
    return index_stack(source, places, _read_hu, (rows, columns))


def _open(path: Path) -> np.memmap:
    """Map a file into memory. Raises `ValueError` on a damaged one, and on more bytes."""
    _check_header(path)
    with parsing:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    behind = path.stat().st_size - array.offset - array.nbytes
    if behind > MAX_PADDING_BYTES:
        raise ValueError(f"{behind} bytes follow the array")
    return array


def _check_header(path: Path) -> None:
    """Raise `ValueError` on a header that is too long: NumPy reads it whole at first."""
    with open_regular(path) as file:
        major, _ = np.lib.format.read_magic(file)
        length = int.from_bytes(file.read(2 if major == 1 else 4), "little")
    if length > MAX_HEADER_BYTES:
        raise ValueError(f"a header of {length} bytes")


def _read_hu(source: Source, frame: int) -> NDArray[np.floating]:
    array = _open(source.on_disk_path())
    return np.array(array if array.ndim == 2 else array[frame])


ReadHU = Callable[[Source, int], NDArray[np.floating]]


def slices_last(shape: Sequence[int]) -> bool:
    """Whether a shape looks like (rows, columns, slices): the first two axes alone are equal.

    Read as (slices, rows, columns), such an array would be cut across its slices.
    """
    return len(shape) == 3 and shape[0] == shape[1] != shape[2]


def index_stack(
    source: Source, places: Sequence[int], read_hu: ReadHU, shape: tuple[int, int]
) -> CTIndex:
    """Index the slices of a file that has no geometry.

    A stack is a series of its own. Single images of one folder make one series, in the order of
    their names.

    Parameters
    ----------
    places : where each slice is in the file, such as its index or offset.
    read_hu : gives the slice of ``source`` at a place, HU, (rows, columns).
    shape : (rows, columns) of the slices.

    Raises
    ------
    CTReadError : there are no slices, or more than 20,000.
    """
    check_count(len(places), path=source.name)
    series = source.folder if len(places) == 1 else source.name

    def info(frame: int, place: int) -> SliceInfo:
        decode = partial(_decode, place=place, read_hu=read_hu)
        return SliceInfo(source.name, frame, series, shape=shape, source=source, decode=decode)

    return CTIndex(tuple(info(frame, place) for frame, place in enumerate(places)))


def _decode(source: Source, place: int, read_hu: ReadHU) -> Pixels:
    return checked(read_hu(source, place), path=source.name), ()
