"""The Wilcoxon signed-rank test, exact for few differences."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_EXACT = 50


@dataclass(frozen=True)
class SignedRank:
    """What the test says of differences being symmetric about zero.

    Attributes
    ----------
    p : two-sided p-value.
    rank_sum : sum of the ranks of the positive differences.
    n : differences that are not zero; zeros say nothing of a direction and are left out.
    exact : from all 2**n ways to give signs; if not, from the normal approximation.
    """

    p: float
    rank_sum: float
    n: int
    exact: bool


def signed_rank(differences: ArrayLike) -> SignedRank:
    """Test whether paired differences are symmetric about zero.

    Wilcoxon 1945, doi 10.2307/3001968. Equal sizes share their mean rank; the exact distribution
    is that of the ranks as they are, ties included. Above 50 differences the normal approximation
    is used, with the variance of the ranks as they are and a continuity correction.

    Parameters
    ----------
    differences : (n,), finite and independent of each other.
    """
    values = np.asarray(differences, np.float64)
    values = values[values != 0]
    n = len(values)
    if n == 0:
        return SignedRank(1.0, 0.0, 0, exact=True)
    doubled = _doubled_ranks(np.abs(values))
    positive = int(doubled[values > 0].sum())
    exact = n <= MOST_EXACT
    p = _exact_p(doubled, positive) if exact else _normal_p(doubled, positive)
    return SignedRank(p, positive / 2, n, exact)


def _doubled_ranks(sizes: NDArray[np.float64]) -> NDArray[np.int64]:
    """Twice the mean rank of each size, which is whole where sizes are tied too."""
    _, inverse, counts = np.unique(sizes, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (2 * last - counts + 1)[inverse]


def _exact_p(doubled: NDArray[np.int64], positive: int) -> float:
    """Share of all ways to give signs whose sum is at least as far from the middle."""
    total = int(doubled.sum())
    share = np.zeros(total + 1)
    share[0] = 1.0
    for rank in doubled:
        with_it = np.zeros_like(share)
        with_it[rank:] = share[: total + 1 - rank]
        share = (share + with_it) / 2
    tail = min(positive, total - positive)
    return min(1.0, 2 * float(share[: tail + 1].sum()))


def _normal_p(doubled: NDArray[np.int64], positive: int) -> float:
    ranks = doubled / 2
    distance = max(abs(positive / 2 - ranks.sum() / 2) - 0.5, 0.0)
    return math.erfc(distance / math.sqrt(float(np.square(ranks).sum()) / 4) / math.sqrt(2))
