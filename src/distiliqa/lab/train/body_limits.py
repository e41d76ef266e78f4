"""Limits of the bodies that a model knows, from those in its training images.

The network sees texture and layout; a limb has the texture of a trunk. So size, parts and make-up
of a body have limits of their own, with a margin for patients who differ from those of training.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from distiliqa.metrics.body_shape import BodyShape
from distiliqa.metrics.body_tissue import BodyTissue
from distiliqa.models.config import TissueLimits

_ODD = 0.01  # share of training images that set no limit, such as cropped ones
_MIN_SIZE = 0.9  # of the smallest body
_MIN_CONTRAST = 0.5  # of the lowest contrast inside a body
_MAX_CONTRAST = 1.1  # of the highest, where lungs lie beside soft tissue
# Of the least: numbers that are not HU have next to no air, phantoms next to no bone. In a slice of
# an old patient little of the spine may be as dense as bone.
_MIN_AIR, _MIN_BONE = 0.5, 0.1
_ROUND = 2 / 3  # of the way from the roundest body to a disc

_TISSUE_ALARMS = 0.03  # share of the images of a patient left out that lie beyond a limit
_USUAL_MARGIN, _MAX_MARGIN = 0.5, 1.0  # of one patient alone, and of any
_MIN_TISSUES = 20  # bodies, for limits of what they are made of
_TRACE = 1e-3  # of a body: shares below it are alike


def body_limits(shapes: Sequence[BodyShape], cases: Sequence[str]) -> dict[str, Any]:
    """Limits of size, parts, contrast and make-up, by the names of `distiliqa.models.Domain`.

    Parameters
    ----------
    cases : the patient of each shape.
    """
    diameters = [shape.diameter_mm for shape in shapes if shape.diameter_mm]
    contrasts = [shape.contrast_hu for shape in shapes if shape.contrast_hu is not None]
    limits: dict[str, Any] = {
        "deepest_cleft": (_quantile([shape.cleft for shape in shapes], 1 - _ODD) + 1.0) / 2.0
    }
    if diameters:
        limits["smallest_mm"] = _MIN_SIZE * _quantile(diameters, _ODD)
    if contrasts:
        limits["least_contrast_hu"] = _MIN_CONTRAST * _quantile(contrasts, _ODD)
        limits["most_contrast_hu"] = _MAX_CONTRAST * _quantile(contrasts, 1 - _ODD)
    tissues = [
        (shape.tissue, case)
        for shape, case in zip(shapes, cases, strict=True)
        if shape.tissue is not None
    ]
    if len(tissues) >= _MIN_TISSUES:
        limits["tissue"] = tissue_limits(
            [tissue for tissue, _ in tissues], [case for _, case in tissues]
        )
    return limits


def tissue_limits(tissues: Sequence[BodyTissue], cases: Sequence[str]) -> TissueLimits:
    """Limits of what bodies are made of.

    Air and bone must not be absent, and a body must not be as round as a phantom. Any other limit
    lies beyond the oddest images by a share, the margin, of their way from the middle one. The
    margin is the least with which, each patient left out in turn, at most 3 % of the images are
    beyond any limit.
    """
    rows = np.array([_oddness(tissue) for tissue in tissues])
    names = np.asarray(cases)
    needed = [
        _needed_margins(rows[names == case], rows[names != case])
        for case in np.unique(names)
        if (names != case).any()
    ]
    margin = _quantile(np.concatenate(needed), 1 - _TISSUE_ALARMS) if needed else _USUAL_MARGIN
    odd, way = _odd(rows)
    roundest = _quantile([tissue.roundness for tissue in tissues], 1 - _ODD)
    narrow, lean, bony, ring, soft, peak = odd + np.clip(margin, 0.0, _MAX_MARGIN) * way
    return TissueLimits(
        min_aspect=_of_log(-narrow),
        min_air=_MIN_AIR * _quantile([tissue.air for tissue in tissues], _ODD),
        min_bone=_MIN_BONE * _quantile([tissue.bone for tissue in tissues], _ODD),
        max_bone=_of_log(bony),
        max_ring=float(ring),
        min_fat=_of_log(-lean),
        max_soft=float(soft),
        max_peak=float(peak),
        max_roundness=roundest + _ROUND * (1.0 - roundest),
    )


def _oddness(tissue: BodyTissue) -> tuple[float, ...]:
    """Measures that are higher the odder a body is. Ratios and small shares differ by factors."""
    aspect, fat, bone = np.log(np.array([tissue.aspect, tissue.fat, tissue.bone]) + _TRACE)
    return -aspect, -fat, bone, tissue.ring, tissue.soft, tissue.peak


def _of_log(value: float) -> float:
    return max(float(np.exp(value) - _TRACE), 0.0)


def _odd(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measures of the oddest images, and how far they are from the middle."""
    odd, middle = np.quantile(rows, [1 - _ODD, 0.5], axis=0)
    return odd, np.maximum(odd - middle, _TRACE)


def _needed_margins(rows: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """The margin with which each image lies within all limits of other patients."""
    odd, way = _odd(others)
    return ((rows - odd) / way).max(axis=1)


def _quantile(values: Sequence[float] | NDArray[np.float64], share: float) -> float:
    return float(np.quantile(values, share))
