"""Cache of decoded, windowed slices in one memory-mapped file; no epoch decodes again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import crop_or_pad
from distiliqa.ct.index import index_ct
from distiliqa.ct.slice_info import CTSlice
from distiliqa.ct.window import SOFT_TISSUE, Window
from distiliqa.errors import CTReadError
from distiliqa.files import atomic_path, cannot_write, make_folder
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.terminal import track

_LEVELS = 65535
# Raise it when decoding changes, so that no stale slice is read.
_FORMAT = 1
_BATCH = 64


class SliceCache:
    """Windowed slices on disk. A pickle of it is its path: workers map the file and copy nothing.

    Parameters
    ----------
    path : a NumPy file that `open_cache` wrote.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[type[SliceCache], tuple[Path]]:
        return SliceCache, (self.path,)

    def __len__(self) -> int:
        return len(self.images)

    @cached_property
    def images(self) -> NDArray[np.uint16]:
        """Slices, memory-mapped, (n, size, size); 65535 is the top of the window."""
        return np.load(self.path, mmap_mode="r", allow_pickle=False)

    def array(self, i: int | slice) -> NDArray[np.float32]:
        """Slice ``i``, (size, size), or a range of them, (n, size, size), in [0, 1]."""
        return self.images[i].astype(np.float32) / np.float32(_LEVELS)


def open_cache(
    images: Sequence[RatedImage],
    *,
    folder: Path,
    window: Window = SOFT_TISSUE,
    size: int = 512,
) -> SliceCache:
    """Open the cache of ``images`` in ``folder``; decode them first if they are not there.

    The name of the file depends on paths, sizes and times of change of the images, on the window
    and on the size: a change of any gives another file. Of several processes one decodes, and the
    others wait.

    Raises
    ------
    CTReadError : an image cannot be read or holds more than one slice; names the first.
    DistiliqaError : ``folder`` cannot be written, or the disk is full.
    """
    cache = SliceCache(folder / f"slices-{_key(images, window, size)}.npy")
    shape = (len(images), size, size)
    if _is_valid(cache, shape):
        return cache
    make_folder(folder)
    try:
        with FileLock(cache.path.with_suffix(".lock")):
            if not _is_valid(cache, shape):
                _build(cache.path, images, window, size)
    except OSError as error:
        raise cannot_write(folder, error) from error
    return SliceCache(cache.path)


def _key(images: Sequence[RatedImage], window: Window, size: int) -> str:
    digest = hashlib.sha256(f"{_FORMAT} {window} {size}".encode())
    for image in images:
        path = image.path.resolve()
        facts = path.stat()
        digest.update(f"\0{path}\0{facts.st_size}\0{facts.st_mtime_ns}".encode())
        if image.slice is not None:
            digest.update(f"\0{image.slice.path}\0{image.slice.frame}".encode())
    return digest.hexdigest()[:16]


def _is_valid(cache: SliceCache, shape: tuple[int, int, int]) -> bool:
    try:
        return cache.images.shape == shape and cache.images.dtype == np.uint16
    except (OSError, ValueError, EOFError):
        # No such file yet, or one that a copy cut short.
        return False


def _build(path: Path, images: Sequence[RatedImage], window: Window, size: int) -> None:
    failed: list[tuple[Path, CTReadError]] = []
    with atomic_path(path) as partial, partial.open("wb") as file:
        _write_header(file, (len(images), size, size))
        # Written, not memory-mapped: a full disk is then an error and not a bus error.
        for image, pixels in _decoded(images, window, size):
            if isinstance(pixels, CTReadError):
                failed.append((image.path, pixels))
            else:
                file.write(pixels.tobytes())
        if failed:
            _raise_first(failed, len(images))


def _write_header(file: BinaryIO, shape: tuple[int, int, int]) -> None:
    np.lib.format.write_array_header_2_0(
        file, {"descr": "<u2", "fortran_order": False, "shape": shape}
    )


def _decoded(
    images: Sequence[RatedImage], window: Window, size: int
) -> Iterator[tuple[RatedImage, NDArray[np.uint16] | CTReadError]]:
    def decode(image: RatedImage) -> NDArray[np.uint16] | CTReadError:
        try:
            return _decode(image, window, size)
        except CTReadError as error:
            return error

    with ThreadPoolExecutor() as pool:
        # In batches: a disk slower than the decoders must not fill the memory.
        batches = (images[i : i + _BATCH] for i in range(0, len(images), _BATCH))
        results = (
            pair for batch in batches for pair in zip(batch, pool.map(decode, batch), strict=True)
        )
        yield from track(results, "Decoding slices", total=len(images))


def read_rated(path: Path) -> CTSlice:
    """Read the only slice of a file.

    Raises
    ------
    CTReadError : it cannot be read or holds more than one slice.
    """
    # Published mixed-dose images are labeled Secondary Capture, but they are CT slices.
    index = index_ct(path, require_ct=False)
    if len(index.slices) != 1:
        raise CTReadError(
            f"holds {len(index.slices)} slices", path=path, remedy="rate one slice a file"
        )
    return index.slices[0].read()


def read_image(image: RatedImage) -> CTSlice:
    """Read the slice of a rated image. Raises `CTReadError`, see `read_rated`."""
    return read_rated(image.path) if image.slice is None else image.slice.read()


def _decode(image: RatedImage, window: Window, size: int) -> NDArray[np.uint16]:
    pixels, _ = crop_or_pad(read_image(image).hu, size)
    return np.rint(window.apply(pixels) * _LEVELS).astype("<u2")


def _raise_first(failed: list[tuple[Path, CTReadError]], total: int) -> None:
    path, error = failed[0]
    others = f" (and {len(failed) - 1} more of {total} images)" if len(failed) > 1 else ""
    remedy = error.remedy or "repair the file or take it out of the ratings"
    raise CTReadError(f"{error.problem}{others}", path=path, remedy=remedy)
