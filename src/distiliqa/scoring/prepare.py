"""From a slice to the input of the model: check, crop or pad, window, and measure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.ct import CTSlice, Window, crop_or_pad
from distiliqa.ct.hu import MIN_SIDE
from distiliqa.metrics.body_shape import BodyShape
from distiliqa.metrics.slice_measures import SliceMeasures
from distiliqa.metrics.slice_parts import SliceParts
from distiliqa.metrics.ssde import ReportedDose
from distiliqa.models.config import ModelConfig
from distiliqa.scoring.measuring import Measuring, measured
from distiliqa.scoring.slice_score import Comparison

_MIN_RANGE_HU = 10  # noise alone has a larger range; values scaled to about [-1, 1] have not


@dataclass(frozen=True, eq=False)
class Prepared:
    """A slice that is ready to be scored.

    Attributes
    ----------
    ct : CTSlice
        The slice.
    image : ndarray of float
        float32, (image_size, image_size), in [0, 1]: the input of the model.
    noise_hu : float or None
        Its global noise level, HU; None if there is too little soft tissue, or all values are
        shifted.
    shape : BodyShape
        Shape of the body that it shows.
    warnings : tuple[str, ...]
        Notes for the reader of the score, one short sentence each.
    empty : bool
        Whether it shows no patient, and gets the worst score of the scale.
    shifted : bool
        Whether all its values are too high or too low, see `distiliqa.metrics.hu_offset`.
    comparison : Comparison or None
        Comparison with the slice of a reference; None without a reference.
    measures : SliceMeasures or None
        What was measured in it; None where nothing was asked for.
    """

    ct: CTSlice
    image: NDArray[np.floating]
    noise_hu: float | None
    shape: BodyShape
    warnings: tuple[str, ...]
    empty: bool = False
    shifted: bool = False
    comparison: Comparison | None = None
    measures: SliceMeasures | None = None


def prepare(
    ct: CTSlice,
    config: ModelConfig,
    measures: Measuring = "none",
    reported: ReportedDose | None = None,
) -> Prepared:
    """Prepare a slice for the model of this description, and measure what is asked for.

    Parameters
    ----------
    reported : ReportedDose, optional
        What the dose report of the series states, see `measure_slice`.

    Raises
    ------
    ValueError
        The slice is not an image in HU, see `check_hu`.
    """
    hu = check_hu(ct.hu)
    sized, note = crop_or_pad(hu, config.image_size)
    parts = SliceParts(hu, ct.spacing_mm)
    nothing = emptiness(parts, config.window)
    doubt = offset_doubt(parts) or content_doubt(parts)
    notes = (*ct.warnings, note, doubt, nothing and f"{nothing}; scored worst")
    return Prepared(
        ct,
        image=config.window.apply(sized),
        noise_hu=parts.noise.noise_hu,
        shape=parts.shape,
        warnings=tuple(filter(None, notes)),
        empty=nothing is not None,
        shifted=parts.shift is not None,
        measures=measured(ct, parts, measures, reported),
    )


def check_hu(hu: ArrayLike) -> NDArray[np.float32]:
    """Check that an array can be one slice in HU, and return it as float32.

    Parameters
    ----------
    hu : ArrayLike
        (rows, columns), real numbers, HU.

    Raises
    ------
    ValueError
        Not two axes, a side under 32 pixels, not real numbers, or NaN or infinity.
    """
    array = np.asarray(hu)
    if array.dtype.kind not in "iuf":
        raise ValueError(f"values of type {array.dtype}; HU are real numbers")
    if array.ndim != 2:
        raise ValueError(f"shape {array.shape}; a slice is (rows, columns)")
    if min(array.shape) < MIN_SIDE:
        rows, columns = array.shape
        raise ValueError(f"{rows} x {columns} pixels; at least {MIN_SIDE} x {MIN_SIDE} are needed")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32, copy=False)
    if not_finite := array.size - np.count_nonzero(np.isfinite(array)):
        raise ValueError(f"{not_finite} pixels are NaN or infinite; HU are finite")
    return array


def emptiness(parts: SliceParts, window: Window) -> str | None:
    """Detect a slice without a patient: nothing visible in the window, or no body. Else None."""
    lowest, highest = parts.range_hu
    shown = window.apply(np.array([lowest, highest], np.float32))
    if shown[0] == shown[1]:
        return f"no image content: {lowest:g} to {highest:g} HU"
    if not parts.shape.thick:
        return "no body in the image: only air, or things as thin as a table"
    return None


def offset_doubt(parts: SliceParts) -> str | None:
    """Detect a shift of all values, see `hu_offset`. Else None."""
    return None if parts.shift is None else f"{parts.shift}; check the rescale intercept"


def content_doubt(parts: SliceParts) -> str | None:
    """Detect values unlike HU: a slice of a body has fat or air, and noise. Else None."""
    lowest, highest = parts.range_hu
    if 0 <= lowest < highest:
        return f"values look unlike HU: no air or fat, {lowest:g} to {highest:g}"
    if 0 < highest - lowest < _MIN_RANGE_HU:
        return f"values look unlike HU: only {lowest:g} to {highest:g}"
    return None
