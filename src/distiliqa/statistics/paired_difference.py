"""Paired differences: how large, how sure, and whether chance alone would give them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from distiliqa.statistics.block_bootstrap import block_length, mean_interval, parts
from distiliqa.statistics.signed_rank import SignedRank, signed_rank

ENOUGH_SERIES = 6  # two-sided, six signs are the fewest that can give p below 0.05


@dataclass(frozen=True)
class Difference:
    """Second minus first, over the matched slices.

    Attributes
    ----------
    n : matched slices.
    mean, median : over them.
    interval : 95 % interval of the mean; None where too little is drawn from, such as one slice.
    deviation : sample standard deviation of the differences; None for one slice.
    effect : mean over deviation, Cohen's d of paired values (Lakens 2013, doi
        10.3389/fpsyg.2013.00863, formula 6); None where all differences are equal.
    test : signed-rank test of the units.
    units : number of parts that are taken to be independent.
    block : slices in such a part; None where a part is a whole series.
    """

    n: int
    mean: float
    median: float
    interval: tuple[float, float] | None
    deviation: float | None
    effect: float | None
    test: SignedRank
    units: int
    block: int | None


def difference(series: Sequence[ArrayLike], *, seed: int = 0) -> Difference:
    """Sum up paired differences.

    From six pairs of series on, whole series are the independent units, and the result speaks for
    other series like them. With fewer, blocks of neighboring slices are, and it speaks for these
    series alone.

    Parameters
    ----------
    series : for each pair of series the differences of its slices, (n,), in the order of position.
    seed : of the bootstrap.
    """
    values = [np.asarray(each, np.float64) for each in series]
    joined = np.concatenate(values)
    block = None if len(values) >= ENOUGH_SERIES else block_length(values)
    units = [part.mean() for each in values for part in parts(each, block)]
    deviation = float(joined.std(ddof=1)) if len(joined) > 1 else None
    mean = float(joined.mean())
    return Difference(
        n=len(joined),
        mean=mean,
        median=float(np.median(joined)),
        interval=mean_interval(values, block, seed=seed),
        deviation=deviation,
        effect=mean / deviation if deviation else None,
        test=signed_rank(units),
        units=len(units),
        block=block,
    )
