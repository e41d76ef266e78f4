"""Coverage of a model's own prediction intervals on rated images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from distiliqa.statistics.group_bootstrap import bootstrap


@dataclass(frozen=True)
class Coverage:
    """How many labels the intervals hold.

    Attributes
    ----------
    share : of the labels that lie in their interval.
    bounds : bootstrap interval of the share; None for one group.
    stated : share that the model states; None where it is not known.
    width : mean width of the intervals, in units of the labels.
    images : images with an interval.
    """

    share: float
    bounds: tuple[float, float] | None
    stated: float | None
    width: float
    images: int


def coverage_of(
    intervals: NDArray[np.float64],
    true: NDArray[np.float64],
    groups: Sequence[str],
    *,
    stated: float | None,
    resamples: int = 2000,
    seed: int = 0,
) -> Coverage | None:
    """Count the labels inside their intervals.

    Parameters
    ----------
    intervals : (n, 2), low and high; NaN where an image has none.
    true : (n,). groups : (n,), what the bootstrap draws.
    stated : the coverage that the model states.

    Returns
    -------
    None where no image has an interval.
    """
    known = np.isfinite(intervals).all(axis=1)
    if not known.any():
        return None
    low, high = intervals[known].T
    inside = ((true[known] >= low) & (true[known] <= high)).astype(np.float64)
    drawn = np.asarray(groups)[known].tolist()
    # The mean absolute error of ones and zeros from 0 is the share of the ones.
    found = bootstrap(inside, np.zeros(len(inside)), drawn, resamples=resamples, seed=seed)
    return Coverage(
        share=float(inside.mean()),
        bounds=found.bounds["mae"],
        stated=stated,
        width=float((high - low).mean()),
        images=len(inside),
    )
