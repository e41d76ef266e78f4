"""Hounsfield units from stored values, with the checks that all formats share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.errors import CTReadError, NotCTError

# No tissue is below -1024 HU; noise in air may be. GE fills the corners with -3024 and Toshiba with
# -2048. A NIfTI copy keeps these numbers and loses the tag that explains them.
FIELD_OF_VIEW_FLOOR_HU = -1500.0

# A filling has one value, or a few. Air has noise: where much below the floor varies, all values
# are too low, such as by a rescale intercept that was applied twice.
_MAX_VARIED, _FILLINGS = 0.05, 3  # share of the slice, and values
_SAMPLED = 8  # every eighth pixel

# Sums of squares of larger values are not finite. Smaller values that are no HU are visible in the
# image: they are scored with a warning.
MAX_HU = 1e9

# Fewer rows or columns are those of an icon or a mistake.
MIN_SIDE = 32

# Scanners give up to 2048. A header that declares far more is damaged or hostile.
MAX_SIDE = 4096

# A long whole-body study has some 10,000 slices. A header of a few bytes can declare a million.
MAX_SLICES = 20_000


def rescale(stored: NDArray, slope: float = 1.0, intercept: float = 0.0) -> NDArray[np.float32]:
    """Apply the modality transformation ``slope * stored + intercept`` (DICOM PS3.3, C.11.1)."""
    if _is_exact(stored.dtype, slope, intercept):
        hu = stored.astype(np.float32)
        hu *= np.float32(slope)
        hu += np.float32(intercept)
        return hu
    with np.errstate(over="ignore", invalid="ignore"):  # `checked` reports what is not finite
        return (stored * np.float64(slope) + np.float64(intercept)).astype(np.float32)


def _is_exact(dtype: np.dtype, slope: float, intercept: float) -> bool:
    """Whether float32 is exact here. It takes a quarter of the time of float64."""
    whole = dtype.kind in "iu" and float(slope).is_integer() and float(intercept).is_integer()
    return whole and dtype.itemsize <= 2 and abs(slope) * 2**16 + abs(intercept) < 2**24


def checked(hu: ArrayLike, *, path: str) -> NDArray[np.float32]:
    """Check a slice and fill pixels outside the field of view with air.

    Parameters
    ----------
    hu : (rows, columns), HU.
    path : the file, for the error.

    Returns
    -------
    float32, (rows, columns), HU: ``hu`` itself where nothing is filled and the type fits. Nothing
    is filled where air itself lies so low: `distiliqa.metrics.hu_offset` then finds the shift.

    Raises
    ------
    CTReadError : the slice is too small or too large, or has nan, infinity or values above 1e9 HU.
    """
    with np.errstate(over="ignore"):
        hu = np.asarray(hu, dtype=np.float32)
    check_size(*hu.shape, path=path)
    lowest, highest = hu.min(), hu.max()  # nan if a pixel is
    if not np.isfinite([lowest, highest]).all() or highest > MAX_HU:
        large = f"values of {highest:.3g}, which are no HU"
        raise CTReadError(
            "holds " + (large if MAX_HU < highest < np.inf else "nan or infinite values"),
            path=path,
            remedy="replace them by HU (air is -1000)",
        )
    if lowest >= FIELD_OF_VIEW_FLOOR_HU or _is_air_below_floor(hu):
        return hu
    return np.where(hu < FIELD_OF_VIEW_FLOOR_HU, np.float32(AIR_HU), hu)


def _is_air_below_floor(hu: NDArray[np.float32]) -> bool:
    samples = hu[::_SAMPLED, ::_SAMPLED]
    low = samples[samples < FIELD_OF_VIEW_FLOOR_HU]
    counts = np.sort(np.unique(low, return_counts=True)[1])
    return bool(counts[:-_FILLINGS].sum() > _MAX_VARIED * samples.size)


def check_size(rows: int, columns: int, *, path: str) -> None:
    """Raise `CTReadError` on an image that is smaller than 32 x 32 or larger than 4096 x 4096."""
    if min(rows, columns) < MIN_SIDE:
        raise CTReadError(
            f"{rows} x {columns} pixels is too small for a CT slice",
            path=path,
            remedy=f"give slices of at least {MIN_SIDE} x {MIN_SIDE}",
        )
    if max(rows, columns) > MAX_SIDE:
        raise CTReadError(
            f"{rows} x {columns} pixels is too large for a CT slice",
            path=path,
            remedy=f"give slices of at most {MAX_SIDE} x {MAX_SIDE}",
        )


def check_count(count: int, *, path: str) -> None:
    """Raise `CTReadError` on a file with less than 1 slice or more than 20,000."""
    if count < 1:
        raise CTReadError(
            f"its header names {count} slices", path=path, remedy="export or convert it again"
        )
    if count > MAX_SLICES:
        raise CTReadError(
            f"{count} slices are more than any series has",
            path=path,
            remedy=f"give files of at most {MAX_SLICES} slices",
        )


def check_dtype(dtype: DTypeLike, *, path: str) -> None:
    """Raise `NotCTError` on a type that holds no HU: 8-bit images and masks, colors, objects."""
    dtype = np.dtype(dtype)
    if dtype.kind not in "iuf" or dtype.itemsize < 2:
        raise NotCTError(
            f"values of type {dtype} hold no HU",
            path=path,
            remedy="save HU as float32 or 16-bit integers",
        )
