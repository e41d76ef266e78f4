"""NumPy files (.npy) of HU: one slice (rows, columns) or a stack (slices, rows, columns)."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.arrays.stack import index_stack, slices_last
from distiliqa.ct.hu import check_dtype, check_size
from distiliqa.ct.listing import CTIndex
from distiliqa.ct.source import Source
from distiliqa.ct.volumes.voxels import MAX_PADDING_BYTES
from distiliqa.errors import CTReadError

# NumPy parses a header as Python code, which fails now and then in two threads at once in Python
# 3.11 and 3.12 released before 2024 (python/cpython issue 106905): a sound file would be refused.
_parsing = Lock()

_MAX_HEADER_BYTES = 10_000  # NumPy's own limit


def index_npy(source: Source) -> CTIndex:
    """Find the slices of a .npy file on disk. Pickled objects are never loaded.

    Raises `NotCTError` on a type that holds no HU, `CTReadError` on a damaged file or a shape
    that is no slice and no stack.
    """
    path = source.on_disk_path()
    try:
        array = _open(path)
    except Exception as error:  # numpy raises several kinds; some advise to load pickled objects
        raise CTReadError(
            "not readable as a NumPy array of numbers, cut short, or longer than its header says",
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
    """Map a file into memory. Raises `ValueError` on a damaged one, and on bytes behind it."""
    _check_header(path)
    with _parsing:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    behind = path.stat().st_size - array.offset - array.nbytes
    if behind > MAX_PADDING_BYTES:
        raise ValueError(f"{behind} bytes follow the array")
    return array


def _check_header(path: Path) -> None:
    """Raise `ValueError` on a header that is longer than any: NumPy reads it whole at first."""
    with path.open("rb") as file:
        major, _ = np.lib.format.read_magic(file)
        length = int.from_bytes(file.read(2 if major == 1 else 4), "little")
    if length > _MAX_HEADER_BYTES:
        raise ValueError(f"a header of {length} bytes")


def _read_hu(source: Source, frame: int) -> NDArray[np.floating]:
    array = _open(source.on_disk_path())
    return np.array(array if array.ndim == 2 else array[frame])
