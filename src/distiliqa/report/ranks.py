"""Slices by rank: the worst, the tenth percentile, the median and the best of a series."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from distiliqa.models.folder import ScoreScale
from distiliqa.scoring.result import SliceScore


def worst_first(slices: Iterable[SliceScore], scale: ScoreScale) -> list[SliceScore]:
    """Slices from the worst to the best score; equal scores stay in their order."""
    sign = 1 if scale.higher_is_better else -1
    return sorted(slices, key=lambda each: sign * each.score)


def percentile(ranked: Sequence[SliceScore], share: float) -> SliceScore:
    """The slice that ``share`` of the slices, in (0, 1], are as bad as or worse than.

    It is one of the slices, the nearest rank, never a value between two.
    """
    return ranked[max(0, math.ceil(share * len(ranked) - 1e-9) - 1)]
