"""Images in memory: arrays in HU, and slices of `read_ct`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias, TypeGuard, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.ct import CTSlice, SliceInfo
from distiliqa.ct.arrays.npy import slices_last
from distiliqa.ct.spacing import pixel_warnings, square_warnings

Image: TypeAlias = ArrayLike | CTSlice
Images: TypeAlias = Image | Sequence[Image]
Spacing: TypeAlias = float | tuple[float, float] | None


def is_one(images: Images) -> bool:
    """Whether this is a single slice: a `CTSlice`, or (rows, columns)."""
    if isinstance(images, CTSlice):
        return True
    return not _is_list(images) and np.ndim(cast(ArrayLike, images)) == 2


def paths_of(source: object, spacing_mm: Spacing = None) -> list[str | Path] | None:
    """The paths that ``source`` names; None where it is images.

    Raises
    ------
    ValueError
        A list holds both, or paths have a spacing.
    """
    paths = _named(source)
    if paths is not None and spacing_mm is not None:
        raise ValueError("spacing_mm is for arrays; files have their own")
    return paths


def _named(source: object) -> list[str | Path] | None:
    if isinstance(source, str | Path):
        return [source]
    if not isinstance(source, list | tuple):
        return None
    paths = [part for part in source if isinstance(part, str | Path)]
    if paths and len(paths) < len(source):
        raise ValueError("paths and images in one list; give one kind")
    return paths or None


def as_slices(images: Images, spacing_mm: Spacing = None) -> Iterator[CTSlice]:
    """Yield every slice of ``images``.

    Parameters
    ----------
    images : (rows, columns) or (n, rows, columns), HU; a `CTSlice`; or a list of these, of any
        sizes.
    spacing_mm : Spacing
        Pixel spacing of the arrays, mm: one number, or (between rows, between columns). A `CTSlice`
        has its own.

    Slices of arrays are numbered by ``frame``. A stack in a list is a series of its own.

    Raises
    ------
    ValueError
        Another shape, masked pixels, or no slices.
    """
    spacing = _spacing(spacing_mm)
    notes = (*pixel_warnings(*spacing), *square_warnings(*spacing)) if spacing else ()
    if not _is_list(images):
        yield from _of_image(images, "", spacing, notes)
        return
    if not images:
        raise ValueError("an empty list; give at least one slice")
    flat = 0
    for number, image in enumerate(images):
        if isinstance(image, CTSlice):
            yield image
        elif np.ndim(image) == 2:
            info = SliceInfo("", flat, spacing_mm=spacing, warnings=notes)
            yield CTSlice(_array(image), info, notes)
            flat += 1
        else:
            yield from _of_image(image, f"stack {number}", spacing, notes)


def _is_list(images: Images) -> TypeGuard[Sequence[Image]]:
    """Whether this is a list of images, and not an array written as nested lists of numbers."""
    if not isinstance(images, list | tuple):
        return False
    return not images or any(
        isinstance(image, CTSlice) or hasattr(image, "ndim") for image in images
    )


def _of_image(
    image: Any, series: str, spacing: tuple[float, float] | None, notes: tuple[str, ...]
) -> Iterator[CTSlice]:
    if isinstance(image, CTSlice):
        yield image
        return
    array = _array(image)
    if array.ndim == 0 and not isinstance(image, np.ndarray | np.generic):
        raise ValueError(
            f"{type(image).__name__}; give slices in HU, (rows, columns) or (n, rows, columns)"
        )
    if array.ndim not in (2, 3) or len(array) == 0:
        raise ValueError(f"shape {array.shape}; slices are (rows, columns) or (n, rows, columns)")
    if slices_last(array.shape):
        raise ValueError(
            f"shape {array.shape} looks like (rows, columns, n), not (n, rows, columns)"
        )
    for frame, hu in enumerate(array if array.ndim == 3 else array[np.newaxis]):
        info = SliceInfo("", frame, series, spacing_mm=spacing, warnings=notes)
        yield CTSlice(hu, info, notes)


def _array(image: Any) -> NDArray[Any]:
    if np.ma.is_masked(image):
        raise ValueError("pixels are masked; fill them with HU (air is -1000)")
    return np.asarray(image)


def _spacing(spacing_mm: Spacing) -> tuple[float, float] | None:
    if spacing_mm is None:
        return None
    try:
        rows, columns = (float(side) for side in np.broadcast_to(spacing_mm, 2))
    except (ValueError, TypeError):
        rows = columns = np.nan
    if not (0 < rows < np.inf and 0 < columns < np.inf):
        raise ValueError(
            f"spacing_mm {spacing_mm}; give mm above 0: one number, or (between rows, between "
            "columns)"
        )
    return rows, columns
