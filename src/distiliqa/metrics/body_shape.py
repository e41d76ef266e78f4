"""How large the body in a slice is, and whether it lies there in parts, told from coarse blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct.fit import AIR_HU

_BLOCKS = 64  # along the shorter side of a slice
_SAMPLES = 4  # along a block
_BODY_HU = -250.0  # fat is above, lung, foam and noise in air are below
_PART = 0.7  # of the greatest thickness: two legs are alike, arms are thinner than a trunk


@dataclass(frozen=True)
class BodyShape:
    """The shape of the body in a slice.

    Attributes
    ----------
    diameter_mm : water-equivalent diameter, mm, see `water_equivalent_diameter`; None where the
        pixel spacing is not known.
    cleft : how far the thickness of the body sinks from left to right between two parts of like
        thickness, relative to the thinner of them: 0 for one round part, about 0.5 where lungs
        lie beside the heart, 1 for two legs with air between them.
    """

    diameter_mm: float | None
    cleft: float


def body_shape(
    hu: NDArray[np.floating], spacing_mm: tuple[float, float] | None = None
) -> BodyShape:
    """Measure the body in a slice.

    Parameters
    ----------
    hu : (rows, columns), HU; sides of 32 pixels or more.
    spacing_mm : pixel spacing (between rows, between columns), mm; None where it is not known.
    """
    water, size = _water(hu)
    diameter = spacing_mm and _diameter(water, (size * spacing_mm[0], size * spacing_mm[1]))
    return BodyShape(diameter, _cleft(water.sum(axis=0)))


def water_equivalent_diameter(hu: NDArray[np.floating], spacing_mm: tuple[float, float]) -> float:
    """Diameter of the cylinder of water that attenuates as much as the body in a slice, mm.

    The measure of patient size of AAPM Report 220 (2014), over all that lies between blocks as
    dense as fat along both axes instead of an outlined body. A thin table adds little to it; a
    body that is cut by the field of view has more than is seen.

    Parameters
    ----------
    hu : (rows, columns), HU; sides of 32 pixels or more.
    spacing_mm : pixel spacing (between rows, between columns), mm.

    Returns
    -------
    mm; 0 without a body. Good to a percent for bodies of 10 cm or more.
    """
    water, size = _water(hu)
    return _diameter(water, (size * spacing_mm[0], size * spacing_mm[1]))


def dense_blocks(hu: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.bool_], int]:
    """Means of blocks of a slice, which of them are as dense as fat or denser, and their side.

    Blocks because noise makes single pixels of air as dense as a body; of at most 4 x 4 pixels
    each because every slice is asked. What some scanners write outside their field of view, below
    air, counts as air.

    Returns
    -------
    HU and booleans, 64 along the shorter side of the slice or more, and pixels.
    """
    block = max(1, min(hu.shape) // _BLOCKS)
    step = max(1, block // _SAMPLES)
    size, sampled = block // step, np.maximum(hu[::step, ::step], AIR_HU)
    rows, columns = (side // size for side in sampled.shape)
    parts = sampled[: rows * size, : columns * size].reshape(rows, size, columns * size)
    means = parts.mean(axis=1).reshape(rows, columns, size).mean(axis=2)
    return means, means > _BODY_HU, size * step


def _water(hu: NDArray[np.floating]) -> tuple[NDArray[np.float64], int]:
    """Attenuation of blocks of the body relative to water, 0 outside it, and their side."""
    means, dense, size = dense_blocks(hu)
    body = _grown(_spanned(dense) & _spanned(dense.T).T)
    return np.where(body, means / 1000.0 + 1.0, 0.0), size


def _spanned(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What lies between the first and the last of each row, with both: lungs are of the body."""
    after = np.logical_or.accumulate(mask, axis=1)
    before = np.logical_or.accumulate(mask[:, ::-1], axis=1)[:, ::-1]
    return after & before


def _grown(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """With one block more all around: those that the edge of the body runs through."""
    padded = np.pad(mask, 1)
    wide = padded[:, :-2] | padded[:, 1:-1] | padded[:, 2:]
    return wide[:-2] | wide[1:-1] | wide[2:]


def _diameter(water: NDArray[np.float64], block_mm: tuple[float, float]) -> float:
    area = water.sum() * block_mm[0] * block_mm[1]
    return float(2.0 * np.sqrt(area / np.pi))


def _cleft(thickness: NDArray[np.float64]) -> float:
    smooth = np.convolve(thickness, np.ones(3) / 3, mode="same")
    left = np.maximum.accumulate(smooth)
    right = np.maximum.accumulate(smooth[::-1])[::-1]
    thinner = np.minimum(left, right)
    between = (thinner >= _PART * smooth.max()) & (thinner > 0)
    return float(np.max(1.0 - smooth[between] / thinner[between], initial=0.0))
