"""Pixels of a scored slice, read again from the file that was scored and no other."""

from __future__ import annotations

import gzip
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import CTSlice, SliceInfo, index_ct
from distiliqa.ct.volumes.detached import sha256_of, stamp_of
from distiliqa.errors import CTReadError
from distiliqa.files import FileStamp

_MAX_FILES = 8192  # whose headers are kept; a series has a file a slice
_LEVEL = 1  # of gzip: noise does not compress, and the page waits


class Pixels(NamedTuple):
    """A slice for the page.

    Attributes
    ----------
    content : bytes
        Gzip of the HU in rows, little-endian.
    kind : str
        ``int16`` where all HU are whole numbers, else ``float32``.
    rows, columns : int
        Size of the slice.
    spacing_mm : tuple[float, float] or None
        Between rows and between columns; None where it is not stated.
    center_mm : tuple[float, float, float] or None
        Center of the slice in the patient system, LPS; None where the file does not state how the
        patient lies, so that the left of the slice is not known to be the patient's right.
    """

    content: bytes
    kind: str
    rows: int
    columns: int
    spacing_mm: tuple[float, float] | None
    center_mm: tuple[float, float, float] | None


class Since(NamedTuple):
    """When the hash of a file was taken, and what to do once the file is another one."""

    event: str
    remedy: str


SCORED = Since("it was scored", "score it again, or start distiliqa serve where it was scored")


def read_slice(path: str, frame: int, digest: str | None, since: Since = SCORED) -> CTSlice:
    """Read a slice by the path and the frame that results give it.

    Parameters
    ----------
    digest : str or None
        SHA-256 of the file with its pixels, taken at ``since``. A file with other bytes is not
        shown: its score or rating would stand beside another image.

    Raises
    ------
    DistiliqaError
        The file is not there, is another one by now, or cannot be read.
    """
    holder = holder_of(path, since)
    stamp = stamp_of(holder)
    if digest is None or _digest(holder, stamp) != digest:
        raise CTReadError(f"has changed since {since.event}", path=path, remedy=since.remedy)
    found = _slices(holder, stamp).get((path, frame))
    if found is None:
        raise CTReadError("has no such slice any more", path=path, remedy=since.remedy)
    return found.read()


def pack(ct: CTSlice) -> Pixels:
    """Compress a slice for the page; no HU changes."""
    hu = ct.hu
    whole = hu.astype("<i2") if np.abs(hu).max(initial=0) < 2**15 else None
    is_whole = whole is not None and bool((whole == hu).all())
    values: NDArray = whole if whole is not None and is_whole else hu.astype("<f4")
    content = gzip.compress(values.tobytes(), _LEVEL)
    rows, columns = hu.shape
    kind, geometry = "int16" if is_whole else "float32", ct.info.geometry
    center_mm = None if geometry is None else geometry.center_mm
    return Pixels(content, kind, rows, columns, ct.spacing_mm, center_mm)


def holder_of(path: str, since: Since = SCORED) -> Path:
    """The file on disk: the path itself, or the archive that it leads into."""
    for place in (Path(path), *Path(path).parents):
        if place.is_file():
            return place
    raise CTReadError("is not there any more", path=path, remedy=since.remedy)


def digest_of(path: str) -> str:
    """SHA-256 of the file or archive on disk that a path of results leads into, with its pixels."""
    holder = holder_of(path)
    return _digest(holder, stamp_of(holder))


@lru_cache(maxsize=_MAX_FILES)
def _digest(holder: Path, stamp: FileStamp | None) -> str:
    return sha256_of(holder)


@lru_cache(maxsize=_MAX_FILES)
def _slices(holder: Path, stamp: FileStamp | None) -> dict[tuple[str, int], SliceInfo]:
    """The slices of a file by path and frame, as results name them."""
    return {(info.path, info.frame): info for info in index_ct(holder).slices}
