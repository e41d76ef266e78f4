"""Noise in a slice, measured in the slice itself: map of local noise, and global noise level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.filters import box_all, box_mean, mirrored, percentile

BOX_MM = 6.0
_TYPICAL_SPACING_MM = 0.7
_MIN_BOX = 7  # pixels: smaller boxes miss noise that is correlated over a few pixels


def noise_map(
    image: NDArray[np.number], spacing_mm: tuple[float, float] | None = None
) -> NDArray[np.float64]:
    """Standard deviation in a box of 6 mm around each pixel, HU.

    Edges count as noise: use the map in uniform tissue, or of a difference image.

    Parameters
    ----------
    image : ndarray
        (rows, columns), HU.
    spacing_mm : tuple[float, float], optional
        Pixel spacing (between rows, between columns), mm, which sets the box; None where it is not
        known, for 9 pixels: 6 mm at the 0.7 mm of a body scan. A box has at least 7 pixels.

    Returns
    -------
    ndarray of float64
        (rows, columns), HU, the sample standard deviation; the border is mirrored.
    """
    size = box_size(spacing_mm)
    values = image.astype(np.float64)
    values -= values.mean()  # the difference of squares below is exact for small values
    values = mirrored(values, size)
    variance = box_mean(values**2, size) - box_mean(values, size) ** 2
    return np.sqrt(np.maximum(variance, 0) * sample_factor(size))


def soft_tissue_boxes(
    hu: NDArray[np.number], spacing_mm: tuple[float, float] | None = None
) -> NDArray[np.bool_]:
    """Pixels whose box of `noise_map` holds only soft tissue, 0 to 100 HU."""
    size = box_size(spacing_mm)
    return box_all(mirrored(soft_tissue(hu, size), size), size)


def box_size(spacing_mm: tuple[float, float] | None) -> int:
    """Side of the box, pixels. A spacing that is not positive counts as unknown."""
    spacing = spacing_mm[0] if spacing_mm and spacing_mm[0] > 0 else _TYPICAL_SPACING_MM
    return max(_MIN_BOX, round(BOX_MM / spacing))


def sample_factor(size: int) -> float:
    """Factor from the mean square deviation in a box to the sample variance."""
    return size**2 / (size**2 - 1)


SOFT_TISSUE_HU = (0.0, 100.0)


def soft_tissue(
    hu: NDArray[np.number], size: int, hu_range: tuple[float, float] = SOFT_TISSUE_HU
) -> NDArray[np.bool_]:
    """Pixels of soft tissue, by the mean around each pixel, which has less noise.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU.
    size : int
        Side of the box that the mean is taken over, pixels.
    hu_range : tuple[float, float]
        Limits of the mean, HU.
    """
    low, high = hu_range
    smooth = box_mean(mirrored(hu.astype(np.float64), size), size)
    return (smooth > low) & (smooth < high)


_MIDDLE_HU = 50.0
_BINS = 100
_SMOOTHING = np.hanning(11)  # of the counts
MIN_BOXES = 100
_MIN_SIDE = 3  # boxes
_STRIP = 128  # rows at a time; data that fit the cache take half the time


def global_noise_level(
    image: NDArray[np.number],
    spacing_mm: tuple[float, float] | None = None,
    *,
    tissue: NDArray[np.number] | None = None,
) -> float | None:
    """Global noise level: the mode of the local standard deviation in soft tissue, HU.

    The mode, not the mean, because boxes with edges in them have larger deviations (Christianson
    et al., AJR 2015, doi 10.2214/AJR.14.13613). The boxes are those of `noise_map`.

    Parameters
    ----------
    image : ndarray
        (rows, columns), HU.
    spacing_mm : tuple[float, float], optional
        Pixel spacing (between rows, between columns), mm; None where it is not known.
    tissue : ndarray, optional
        Slice that shows where soft tissue is, if ``image`` does not, such as pure noise.

    Returns
    -------
    float or None
        Noise in HU, 0 or more; neither end is better by itself. None for a slice with fewer than
        100 boxes of soft tissue, or smaller than three boxes.
    """
    size = box_size(spacing_mm)
    if _is_small(image.shape, size):
        return None
    margin = 2 * (size - 1)  # strips overlap, so that each box is in one of them
    strips = [slice(top, top + _STRIP + margin) for top in range(0, len(image) - margin, _STRIP)]
    deviations = np.concatenate(
        [
            _deviations(image[rows], None if tissue is None else tissue[rows], size)
            for rows in strips
        ]
    )
    return mode(deviations) if deviations.size >= MIN_BOXES else None


@dataclass(frozen=True)
class NoiseLevel:
    """Global noise level, and the parameters that published programs choose differently.

    Attributes
    ----------
    noise_hu : float or None
        See `global_noise_level`.
    tissue_hu : tuple[float, float]
        Range of soft tissue, HU.
    box_pixels : int
        Side of the boxes, pixels.
    box_mm : float or None
        The same, mm; None where the pixel spacing is not known.
    bins : int
        Bins of the histogram, from 0 to the 95th percentile of the deviations.
    reason : str or None
        Why there is no value; None where there is one.
    """

    noise_hu: float | None
    tissue_hu: tuple[float, float] = SOFT_TISSUE_HU
    box_pixels: int = _MIN_BOX
    box_mm: float | None = None
    bins: int = _BINS
    reason: str | None = None


def noise_level(
    image: NDArray[np.number], spacing_mm: tuple[float, float] | None = None
) -> NoiseLevel:
    """Measure the global noise level and record its parameters.

    Parameters
    ----------
    image : ndarray
        (rows, columns), HU.
    spacing_mm : tuple[float, float], optional
        Pixel spacing (between rows, between columns), mm; None where it is not known.

    Returns
    -------
    NoiseLevel
        Without a value and with a reason where there is too little soft tissue, or the image is
        smaller than three boxes.
    """
    return recorded(global_noise_level(image, spacing_mm), spacing_mm, image.shape)


def recorded(
    noise_hu: float | None, spacing_mm: tuple[float, float] | None, shape: tuple[int, ...]
) -> NoiseLevel:
    """Record the parameters of a global noise level of an image of a shape (rows, columns)."""
    size = box_size(spacing_mm)
    box_mm = size * spacing_mm[0] if spacing_mm else None
    return NoiseLevel(
        noise_hu,
        box_pixels=size,
        box_mm=box_mm,
        reason=_why_none(shape, size, box_mm) if noise_hu is None else None,
    )


def _why_none(shape: tuple[int, ...], size: int, box_mm: float | None) -> str:
    if not _is_small(shape, size):
        return "too little soft tissue for a noise level"
    side = f"{box_mm:.3g} mm" if box_mm else f"{size} pixels"
    return f"the image is smaller than three boxes of {side}"


def _is_small(shape: tuple[int, ...], size: int) -> bool:
    return min(shape) < _MIN_SIDE * size


def _deviations(
    image: NDArray[np.number], tissue: NDArray[np.number] | None, size: int
) -> NDArray[np.floating]:
    """Standard deviations of the boxes that hold only soft tissue.

    These are values of `noise_map` at `soft_tissue_boxes`, for boxes inside the image alone. It is
    ten times as fast: in float32, with one computation of the means, and only where tissue is. A
    mean above 0 HU has a pixel above 0 HU in its box, and all means of such a box are.
    """
    shown, reach = image if tissue is None else tissue, size - 1
    rows, columns = _reached(shown > SOFT_TISSUE_HU[0], reach)
    values = _centered(image[rows, columns])
    if min(values.shape) <= 2 * reach:
        return np.empty(0, np.float32)
    means = box_mean(values, size)
    smooth = means if tissue is None else box_mean(_centered(tissue[rows, columns]), size)
    boxes = box_all(np.abs(smooth) < SOFT_TISSUE_HU[1] - _MIDDLE_HU, size)
    rows, columns = _reached(boxes)
    boxes, means = boxes[rows, columns], _inner(means, size)[rows, columns]
    if not boxes.size:
        return np.empty(0, np.float32)
    inner = _inner(values, size)
    inner = inner[rows.start : rows.stop + reach, columns.start : columns.stop + reach]
    with np.errstate(over="ignore", invalid="ignore"):  # other boxes may hold any value
        squares = box_mean(inner * inner, size)[boxes]
    variances = squares - means[boxes] ** 2
    return np.sqrt(np.maximum(variances, 0) * sample_factor(size))


def _centered(hu: NDArray[np.number]) -> NDArray[np.float32]:
    """Values relative to the middle of soft tissue: small values have exact squares."""
    return hu.astype(np.float32) - np.float32(_MIDDLE_HU)


def _reached(mask: NDArray[np.bool_], reach: int = 0) -> tuple[slice, slice]:
    """Rows and columns from the first pixel of a mask to the last, and ``reach`` beyond."""
    places = [np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0)]
    if not places[0].size:
        return slice(0, 0), slice(0, 0)
    rows, columns = (slice(max(0, at[0] - reach), at[-1] + 1 + reach) for at in places)
    return rows, columns


def _inner(values: NDArray[np.floating], size: int) -> NDArray[np.floating]:
    """Centers of the boxes inside the image."""
    rows, columns = values.shape
    before, after = size // 2, size - 1 - size // 2
    return values[before : rows - after, before : columns - after]


def mode(deviations: NDArray[np.floating]) -> float:
    """Peak of the smoothed histogram of the lower 95 %; edges are in the rest."""
    highest = percentile(deviations, 95)
    if highest == 0:
        return 0.0
    bins = (deviations[deviations <= highest] * (_BINS / highest)).astype(np.intp)
    # The highest is in the last bin: where all boxes deviate alike there is no other.
    counts = np.bincount(np.minimum(bins, _BINS - 1), minlength=_BINS)
    mode = int(np.argmax(np.convolve(counts, _SMOOTHING, mode="same")))
    return (mode + 0.5) * highest / _BINS
