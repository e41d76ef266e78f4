"""Warn where labels and scores seem to be on different scales."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from distiliqa.statistics.scale_check import on_different_scales

Floats = NDArray[np.float64]


def scale_notes(scores: Floats, true: Floats, scale: tuple[float, float] | None) -> tuple[str, ...]:
    """Warnings about the scales of scores and labels; errors then compare different units.

    Two signs: labels beyond the scale of the model; or ranges that share little, where a straight
    line would map the scores well. A model that is merely wrong shows neither.

    Parameters
    ----------
    scores, true : (n,), finite.
    scale : lowest and highest score of the model; None where not known.
    """
    low, high = float(true.min()), float(true.max())
    if scale is not None and not (scale[0] <= low and high <= scale[1]):
        return (
            f"labels from {low:g} to {high:g} leave the scale of the model, {scale[0]:g} to "
            f"{scale[1]:g}: mae, mse and rmse compare different units",
        )
    if not on_different_scales(scores, true):
        return ()
    return (
        f"labels from {low:g} to {high:g} and scores from {scores.min():g} to {scores.max():g} "
        "seem to be on different scales: mae, mse and rmse compare different units",
    )
