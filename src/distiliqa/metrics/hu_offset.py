"""Offset of all values of a slice, from its air and its tissue.

By definition air has -1000 HU and water 0, whatever the scanner and the tube voltage: HU =
1000 (mu - mu_water) / (mu_water - mu_air), Hounsfield 1973, doi 10.1259/0007-1285-46-552-1016. A
rescale intercept that is lost, or applied twice, shifts a whole slice. Then the air around the body
is still the darkest part and as smooth as the noise, and tissue is still 1000 HU above it: fat at
about -100 HU, water at 0, muscle and organs at 20 to 120 with and without contrast medium. Without
air around the body, lung may look like air. Its distance to tissue is then wrong, and fat at its
right value proves that there is no offset. Phantoms have no fat: their water is used.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.metrics.body_blocks import block_sampling

MIN_OFFSET_HU = 65.0  # scatter, and noise that is clipped, lift the air of sound slices by up to 76

_AIR_HU, _MUCH_AIR = 45.0, 0.1  # from -1000 HU, and share of the slice
_BLOCKS = 64  # along the shorter side of a slice
_MIN_BLOCKS = 200  # that are judged at all
_BIN_HU = 10.0
_SEARCHED_HU = (-2500.0, 2500.0)  # for air; a shift of 1024 leaves it and tissue there
_NEAR_HU = 30.0  # of the peak of air
_MIN_AIR = 0.02  # of the blocks, that the air around a body takes
# Ratios of the noise of air to that of tissue. Lung, which may be taken for air, has vessels and
# so more noise.
_SMOOTH, _MAX_ROUGH = 0.75, 1.2
_DARKER_HU = 25.0  # than air: the air in the bronchi of a lung is
_MAX_DARKER = 0.01  # of the values
_SMOOTHER, _MAX_STREAKED = 0.5, 0.04  # air that smooth is no lung; dark streaks may cross it
_TISSUE_HU = (-250.0, 250.0)  # where its peaks are looked for
_MIN_TISSUE = 0.05  # of the blocks
_PEAK, _MIN_PEAK = 0.25, 0.01  # of the highest one, and of the blocks
_FAT_HU, _SOFT_HU = (-135.0, -55.0), (-15.0, 130.0)


class _Blocks(NamedTuple):
    """Blocks of a slice with more than one value, and the most frequent value of the others.

    Attributes
    ----------
    values : ndarray
        (n, samples).
    means, noise : ndarray
        (n,).
    filled : float or None
        Usual value beyond the field of view; None where there is no such part.
    """

    values: NDArray[np.floating]
    means: NDArray[np.floating]
    noise: NDArray[np.floating]
    filled: float | None


def hu_offset(hu: NDArray[np.floating]) -> float | None:
    """Find the common offset of all values of a slice.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), values that should be HU.

    Returns
    -------
    float or None
        HU, positive where the values are too high; None where air and tissue have the right values,
        or no air around a body is seen.
    """
    if _air_is_right(hu):
        return None
    blocks = _blocks(hu)
    found = _air(blocks) or _air_without_noise(blocks)
    if found is None:
        return None
    air, rough = found
    offset = air - AIR_HU
    if abs(offset) < MIN_OFFSET_HU or not _has_tissue(blocks.means, offset, rough):
        return None
    return None if offset > 0 and _has_fat(_peaks(blocks.means)) else offset


def _air_is_right(hu: NDArray[np.floating]) -> bool:
    """Quick test for much air and nothing darker, as in nearly every slice.

    Values of exactly -1000 HU, and the lowest one, do not count, because they may be filled in.
    """
    step = max(1, min(hu.shape) // _BLOCKS)
    samples = hu[::step, ::step]
    air = (np.abs(samples - AIR_HU) < _AIR_HU) & (samples != AIR_HU) & (samples != samples.min())
    darker = samples < AIR_HU - MIN_OFFSET_HU
    return bool(np.mean(air) > _MUCH_AIR and np.mean(darker) < _MAX_DARKER)


def _blocks(hu: NDArray[np.floating]) -> _Blocks:
    step, count = block_sampling(hu.shape)
    samples = np.clip(hu[::step, ::step], *_SEARCHED_HU)
    rows, columns = (length // count for length in samples.shape)
    parts = samples[: rows * count, : columns * count].reshape(rows, count, columns, count)
    values = parts.swapaxes(1, 2).reshape(rows * columns, count * count)
    means, noise = values.mean(axis=1), values.std(axis=1)
    live = noise > 0
    filled, counts = np.unique(means[~live], return_counts=True)
    return _Blocks(
        values[live],
        means[live],
        noise[live],
        float(filled[counts.argmax()]) if filled.size else None,
    )


def _air(blocks: _Blocks) -> tuple[float, float] | None:
    """Value of air, HU, and its noise relative to tissue: the lowest peak, if it may be air."""
    values, means, noise, filled = blocks
    if len(means) < _MIN_BLOCKS:
        return None
    counts, edges = _histogram(means, *_SEARCHED_HU)
    enough = np.flatnonzero(counts >= _MIN_AIR * len(means))
    if not enough.size:
        return None
    at = int(enough[0])
    while at + 1 < len(counts) and counts[at + 1] > counts[at]:
        at += 1
    near = np.abs(means - edges[at] - _BIN_HU / 2) <= _NEAR_HU
    air, own = float(np.median(values[near])), float(np.median(noise[near]))
    tissue = np.abs(means - air + AIR_HU) < _TISSUE_HU[1]
    if np.mean(tissue) < _MIN_TISSUE:
        return None
    rough = own / float(np.quantile(noise[tissue], 0.25))
    darker = values < air - max(_DARKER_HU, 3 * own)
    filling = (values == filled) | (values == values.min())
    limit = _MAX_STREAKED if rough < _SMOOTHER else _MAX_DARKER
    if rough > _MAX_ROUGH or np.mean(darker & ~filling) > limit:
        return None
    return air, rough


def _air_without_noise(blocks: _Blocks) -> tuple[float, float] | None:
    """As `_air`, for air of a single value, in computed images or images clipped at air."""
    values, means, _, filled = blocks
    if filled is None or len(means) < _MIN_BLOCKS:
        return None
    tissue = np.abs(means - filled + AIR_HU) < _TISSUE_HU[1]
    darker = values < filled - _DARKER_HU
    if np.mean(tissue) < _MIN_TISSUE or np.mean(darker) > _MAX_DARKER:
        return None
    return filled, 0.0


def _has_tissue(means: NDArray[np.floating], offset: float, rough: float) -> bool:
    """Test for tissue at its right value after the offset; fat alone counts beside smooth air.

    Where lung is mistaken for air, soft tissue would be mistaken for fat.
    """
    peaks = _peaks(means - offset)
    soft = any(_SOFT_HU[0] <= at <= _SOFT_HU[1] for at in peaks)
    return soft or (rough < _SMOOTH and _has_fat(peaks))


def _has_fat(peaks: list[float]) -> bool:
    return any(_FAT_HU[0] <= at <= _FAT_HU[1] for at in peaks)


def _peaks(means: NDArray[np.floating]) -> list[float]:
    """Peaks of tissue in the histogram, HU."""
    counts, edges = _histogram(means, *_TISSUE_HU)
    inner = np.pad(counts, 1)
    enough = counts >= max(_PEAK * counts.max(), _MIN_PEAK * len(means))
    tops = (counts >= inner[:-2]) & (counts > inner[2:]) & enough
    return [float(edges[at] + _BIN_HU / 2) for at in np.flatnonzero(tops)]


def _histogram(
    means: NDArray[np.floating], low: float, high: float
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Smoothed counts of bins of 10 HU, and the edges of the bins."""
    edges = np.arange(low - _BIN_HU, high + 2 * _BIN_HU, _BIN_HU)
    counts, _ = np.histogram(means, edges)
    return np.convolve(counts, (0.5, 1.0, 0.5), mode="same"), edges
