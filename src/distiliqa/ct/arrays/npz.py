"""NumPy archives (.npz) of HU: each array is a slice or a stack, named ``file.npz/array``."""

from __future__ import annotations

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.arrays.npy import MAX_HEADER_BYTES, index_stack, parsing, slices_last
from distiliqa.ct.containers.archive import open_archive
from distiliqa.ct.hu import check_dtype, check_size
from distiliqa.ct.listing import CTIndex, Problem
from distiliqa.ct.source import Source
from distiliqa.errors import CTReadError, NotCTError

_REMEDY = "save HU with numpy.savez, as float32"


class _Header(NamedTuple):
    """Header of an array, by the names that NumPy gives its parts."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype


def index_npz(path: Path) -> CTIndex:
    """Find the slices of a .npz file; the problem of one array does not hide the others.

    The sizes of the arrays are bounded as those of the members of a zip. Pickled objects are never
    loaded.

    Raises
    ------
    CTReadError : the directory is damaged, the sizes look like a bomb, or it holds no CT slice.
    """
    members, others = open_archive(path)
    index = CTIndex.joined([others, *(_index_one(source) for source in members)])
    if not index.slices:
        reason = next((problem.reason for problem in index.failed + index.left_out), "no array")
        raise CTReadError(f"holds no CT slice ({reason})", path=path, remedy=_REMEDY)
    return replace(index, slices=tuple(info.stamped() for info in index.slices))


def _index_one(source: Source) -> CTIndex:
    named = replace(source, name=source.name.removesuffix(".npy"))
    try:
        return _slices_of(named)
    except NotCTError as error:
        return CTIndex(left_out=(Problem(named.name, error.reason),))
    except CTReadError as error:
        return CTIndex(failed=(Problem(named.name, error.reason),))


def _slices_of(source: Source) -> CTIndex:
    with source.start.open() as stream:
        header = _header(stream, source)
    check_dtype(header.dtype, path=source.name)
    shape = header.shape
    if len(shape) not in (2, 3) or 0 in shape or slices_last(shape):
        raise NotCTError(
            f"an array of shape {shape} is no CT slice",
            path=source.name,
            remedy="give HU as (rows, columns) or (slices, rows, columns)",
        )
    check_size(*shape[-2:], path=source.name)
    places = range(1 if len(shape) == 2 else shape[0])
    return index_stack(source, places, _read_hu, (shape[-2], shape[-1]))


def _header(stream: IO[bytes], source: Source) -> _Header:
    """The header of an array, once it fits the bytes that there are."""
    try:
        start = stream.read(MAX_HEADER_BYTES + 12)
        beginning = io.BytesIO(start)
        version = np.lib.format.read_magic(beginning)
        read = {
            (1, 0): np.lib.format.read_array_header_1_0,
            (2, 0): np.lib.format.read_array_header_2_0,
        }[version]
        with parsing:
            header = _Header(*read(beginning))
        stated = beginning.tell() + math.prod(header.shape) * header.dtype.itemsize
        if stated != source.size:
            raise ValueError(f"{source.size} bytes, its header states {stated}")
    except Exception as error:  # numpy raises several kinds; some advise to load pickled objects
        raise CTReadError(
            "not readable as a NumPy array of numbers, or of another length than its header states",
            path=source.name,
            remedy=_REMEDY,
        ) from error
    return header


def _read_hu(source: Source, frame: int) -> NDArray[np.floating]:
    content = source.read()
    header = _header(io.BytesIO(content), source)
    start = len(content) - math.prod(header.shape) * header.dtype.itemsize
    array = np.frombuffer(content, header.dtype, offset=start)
    array = array.reshape(header.shape, order="F" if header.fortran_order else "C")
    return np.array(array if array.ndim == 2 else array[frame])
