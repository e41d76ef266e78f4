"""Noise in lung, fat and bone, by ranges of HU."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.noise_boxes import Boxes
from distiliqa.metrics.noise_level import MIN_BOXES, mode
from distiliqa.metrics.slice_parts import NotMeasurable, SliceParts

TISSUES_HU = {"lung": (-950.0, -700.0), "fat": (-130.0, -60.0), "bone": (300.0, 1500.0)}
MAX_STRUCTURE = 1.5  # times the noise of soft tissue; beyond it is the structure of the tissue


@dataclass(frozen=True)
class TissueNoise:
    """Noise in ranges of HU, the mode of the local standard deviation, HU.

    Attributes
    ----------
    lung, fat, bone : float or None
        Noise in -950 to -700, -130 to -60 and 300 to 1500 HU. None for fewer than 100 boxes, and
        where it is more than 1.5 times that of soft tissue: vessels and trabeculae then hide the
        noise.
    box_mm : float or None
        Side of the boxes, mm.
    reason : str or None
        Why nothing could be measured; None where something may have been.
    reasons : dict[str, str]
        Why a tissue has no value where something could be measured, by its name.
    """

    lung: float | None = None
    fat: float | None = None
    bone: float | None = None
    box_mm: float | None = None
    reason: str | None = None
    reasons: Mapping[str, str] = field(default_factory=dict)


def tissue_noise(
    hu: NDArray[np.floating],
    spacing_mm: tuple[float, float] | None,
    *,
    parts: SliceParts | None = None,
) -> TissueNoise:
    """Measure the noise in lung, fat and bone.

    Parameters
    ----------
    hu : ndarray
        (rows, columns), HU; sides of 32 pixels or more.
    spacing_mm : tuple[float, float] or None
        Pixel spacing (between rows, between columns), mm.
    parts : SliceParts, optional
        What measures of this slice share, for speed; computed if None.

    Returns
    -------
    TissueNoise
        Without values and with a reason where soft tissue has no noise level to compare with, the
        values are shifted, or the pixels are unknown or not square.
    """
    parts = parts or SliceParts(hu, spacing_mm)
    try:
        found, limit = parts.boxes, MAX_STRUCTURE * parts.known_noise_hu
    except NotMeasurable as reason:
        return TissueNoise(reason=str(reason))
    values, reasons = dict[str, float](), dict[str, str]()
    for tissue, hu_range in TISSUES_HU.items():
        try:
            values[tissue] = _noise(found, hu_range, limit)
        except NotMeasurable as reason:
            reasons[tissue] = str(reason)
    lung, fat, bone = (values.get(tissue) for tissue in TISSUES_HU)
    return TissueNoise(lung, fat, bone, found.side * parts.pixel_mm, reasons=reasons)


def _noise(found: Boxes, hu_range: tuple[float, float], limit: float) -> float:
    chosen = found.of_tissue(hu_range)
    if np.count_nonzero(chosen) < MIN_BOXES:
        raise NotMeasurable(f"fewer than {MIN_BOXES} boxes of the tissue")
    noise = mode(found.deviations[chosen])
    if noise > limit:
        raise NotMeasurable(
            f"more than {MAX_STRUCTURE} times the noise of soft tissue: structure hides the noise"
        )
    return noise
