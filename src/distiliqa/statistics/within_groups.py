"""Mean rank correlation within groups of images, such as the versions of one slice.

Over all images a correlation also counts how groups differ from each other. Within a slice, anatomy
is the same, and only quality differs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from distiliqa.statistics.agreement import srocc

MIN_IMAGES = 3  # two have a correlation of 1 or -1, whatever their distance


@dataclass(frozen=True)
class WithinGroups:
    """Mean of the signed rank correlations of groups, each with the same weight.

    Attributes
    ----------
    srocc : float or None
        In [-1, 1]; None where no group has a correlation.
    groups : int
        Groups in the mean.
    left_out : int
        Groups of fewer than `MIN_IMAGES` images, or without a correlation as one side is constant.
    """

    srocc: float | None
    groups: int
    left_out: int


def within_groups(
    predicted: ArrayLike, true: ArrayLike, groups: Sequence[str | None]
) -> WithinGroups:
    """Mean of Spearman's correlation within each group.

    Parameters
    ----------
    predicted, true : ArrayLike
        (n,), finite.
    groups : Sequence[str or None]
        The group of each image; images without one are left out.
    """
    x, y = np.asarray(predicted, np.float64), np.asarray(true, np.float64)
    members: dict[str, list[int]] = {}
    for at, group in enumerate(groups):
        if group is not None:
            members.setdefault(group, []).append(at)
    large = (at for at in members.values() if len(at) >= MIN_IMAGES)
    known = [found for at in large if (found := srocc(x[at], y[at])) is not None]
    mean = float(np.mean(known)) if known else None
    return WithinGroups(mean, len(known), len(members) - len(known))
