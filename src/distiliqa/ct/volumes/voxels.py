"""Voxels of a volume in a file, checked against its header before they are read."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from threading import Lock

import numpy as np
from nibabel.fileslice import fileslice
from numpy.typing import NDArray

from distiliqa.ct.volumes.coding import (
    MAX_DECODED_BYTES,
    MAX_PADDING_BYTES,
    MAX_RATIO,
    MAX_TEXT_BYTES,
    Coding,
    read_voxels,
)
from distiliqa.errors import CTReadError
from distiliqa.files import FileStamp, file_stamp, open_regular, why_not_regular

# CT with its noise compresses 3 : 1, and a blank volume 1000 : 1. So a high ratio alone does not
# condemn a file: it must also become large.
MAX_LARGE_RATIO = 100
MAX_ANY_RATIO_BYTES = 256 << 20

_decoding = Lock()


@dataclass(frozen=True, slots=True)
class Voxels:
    """Location and coding of the voxels of a volume in a file.

    Attributes
    ----------
    path : the file.
    shape : number of voxels along each axis, the fastest axis first.
    dtype : type of one voxel, with its byte order.
    coding : how they are written.
    start : bytes of the file before the voxels, or before the compressed stream.
    skipped : bytes before the first voxel in a compressed stream, after inflation.
    """

    path: Path
    shape: tuple[int, ...]
    dtype: np.dtype
    coding: Coding = Coding.RAW
    start: int = 0
    skipped: int = 0

    @property
    def size(self) -> int:
        """Bytes of all voxels."""
        return math.prod(self.shape) * self.dtype.itemsize

    def moved(self, start: int, skipped: int = 0) -> Voxels:
        """The same voxels at another ``start`` and ``skipped``."""
        return replace(self, start=start, skipped=skipped)

    def file_length(self) -> int:
        """Bytes of the file. Raises `CTReadError` on a missing file, a pipe or a device."""
        with _reported(self.path):
            reason = why_not_regular(self.path)
            length = self.path.stat().st_size
        if reason is not None:
            raise CTReadError(reason, path=self.path, remedy="put the voxels beside their header")
        return length

    def check_length(self) -> None:
        """Compare the length of the file with that in the header. Nothing is inflated.

        Raises
        ------
        CTReadError : the file is missing, no ordinary file, too short or too long, or would fill
            the memory when it is decoded whole.
        """
        length = self.file_length() - self.start
        if self.coding is Coding.RAW:
            self._check_raw(length)
            return
        self._check_whole_size(length)
        if self.coding is Coding.DEFLATED:
            self._check_ratio(max(length, 0))

    def _check_ratio(self, length: int) -> None:
        whole = self.skipped + self.size
        if whole > length * MAX_RATIO:
            raise self._cut_short(f"{length} compressed bytes cannot hold them")
        if whole > MAX_ANY_RATIO_BYTES and whole > length * MAX_LARGE_RATIO:
            raise CTReadError(
                f"would inflate to {whole / 1e9:.3g} GB ({whole / length:.0f} times its size), "
                "which looks like a bomb",
                path=self.path,
                remedy="unpack it yourself if you trust it",
            )

    def _check_whole_size(self, length: int) -> None:
        """Raise `CTReadError` on a volume that would fill the memory when it is decoded whole."""
        text = self.coding is Coding.TEXT
        size = max(self.skipped + self.size, length if text else 0)
        if size > (MAX_TEXT_BYTES if text else MAX_DECODED_BYTES):
            raise CTReadError(
                f"a {self.coding.value} volume of {size / 1e9:.3g} GB is too large to be decoded "
                "whole",
                path=self.path,
                remedy="unpack it: an uncompressed one is read slice by slice",
            )

    def _check_raw(self, length: int) -> None:
        if length < self.size:
            raise self._cut_short(f"{max(length, 0)} are there")
        if length > self.size + MAX_PADDING_BYTES:
            raise CTReadError(
                f"{length - self.size} bytes follow the {self.size} of the voxels that its header "
                "names",
                path=self.path,
                remedy="its header is of another file or damaged: convert it again",
            )

    def _cut_short(self, found: str) -> CTReadError:
        return CTReadError(
            f"its header names {self.size} bytes of voxels, but {found}",
            path=self.path,
            remedy="the file is cut short or damaged: copy or convert it again",
        )

    def plane(self, axis: int, index: int) -> NDArray[np.generic]:
        """The voxels of one plane across ``axis``, as stored, with the other axes in order.

        A compressed volume is decoded whole and kept for the next planes.

        Raises
        ------
        CTReadError : the file is damaged.
        """
        chosen: list[slice | int] = [slice(None)] * 3
        chosen[axis] = index
        if self.coding is not Coding.RAW:
            return self.whole()[tuple(chosen)]
        with _reported(self.path), open_regular(self.path) as file:
            return fileslice(file, tuple(chosen), self.shape, self.dtype, self.start, order="F")

    def whole(self) -> NDArray[np.generic]:
        """All voxels as stored, with the axes of ``shape``.

        A changed file is decoded again. One thread decodes, the others wait for its result.

        Raises
        ------
        CTReadError : the file is damaged.
        """
        self._check_whole_size(0)
        with _reported(self.path):
            with _decoding:
                array = _decoded(self, file_stamp(self.path))
            if isinstance(array, Exception):
                raise array
        return array


# Two: threads that load in reading order overlap where one volume ends and the next begins. Errors
# are kept as well, and raised again for each slice.
@lru_cache(maxsize=2)
def _decoded(voxels: Voxels, stamp: FileStamp | None) -> NDArray[np.generic] | Exception:
    try:
        with open_regular(voxels.path) as file:
            file.seek(voxels.start)
            return read_voxels(file, voxels.shape, voxels.dtype, voxels.coding, voxels.skipped)
    except Exception as error:  # zlib, NumPy and the system raise many kinds
        return error


@contextmanager
def _reported(path: Path) -> Iterator[None]:
    """Turn all errors of reading into a `CTReadError` of one line."""
    try:
        yield
    except CTReadError:
        raise
    except OSError as error:
        raise CTReadError(
            f"the voxels cannot be read ({error.strerror or error})",
            path=path,
            remedy="put the file beside its header, and check its permissions",
        ) from error
    except MemoryError as error:
        raise CTReadError(
            "not enough memory for the volume",
            path=path,
            remedy="unpack it: an uncompressed one is read slice by slice",
        ) from error
    except Exception as error:
        raise CTReadError(
            f"the volume cannot be read ({str(error) or type(error).__name__})",
            path=path,
            remedy="the file is cut short or damaged: copy or convert it again",
        ) from error
