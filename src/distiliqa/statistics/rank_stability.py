"""Ranks of methods that were measured on the same slices, and how often a rank holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from distiliqa.statistics.block_bootstrap import (
    block_length,
    independent_length,
    mean_interval,
    parts,
)
from distiliqa.statistics.group_bootstrap import draw_groups

Floats = NDArray[np.float64]
Interval = tuple[float, float]

_RESAMPLES = 2000
_EQUAL = 1e-9  # relative to the values: means of the same values differ by rounding


@dataclass(frozen=True)
class Ranking:
    """Methods by their mean over slices.

    Attributes
    ----------
    means : tuple[float, ...]
        Mean of each method.
    intervals : tuple[tuple[float, float] | None, ...]
        95 % interval of each mean; None for too few units, see `mean_interval`.
    ranks : tuple[int, ...]
        Rank of each method, 1 is best; equal means share the better rank.
    behind : tuple[float, ...]
        Mean minus that of the first method of rank 1.
    behind_intervals : tuple[tuple[float, float] | None, ...]
        95 % interval of it, both on the same slices; None for that method, and as above.
    held : tuple[float, ...] or None
        Share of draws of units in which a method has its rank; None for a single unit.
    first : tuple[float, ...] or None
        Share of draws in which it has rank 1.
    slices, units : int
        Number of slices, and of units drawn.
    """

    means: tuple[float, ...]
    intervals: tuple[Interval | None, ...]
    ranks: tuple[int, ...]
    behind: tuple[float, ...]
    behind_intervals: tuple[Interval | None, ...]
    held: tuple[float, ...] | None
    first: tuple[float, ...] | None
    slices: int
    units: int


def ranking(
    values: ArrayLike, units: Sequence[str] | None, *, higher_is_better: bool = True, seed: int = 0
) -> Ranking:
    """Rank methods by their mean, and draw units, such as patients, to see which ranks hold.

    All methods are drawn together: what is hard in a patient is hard for each of them. Slices of
    one patient are drawn in blocks of neighbors, as long as the slowest change along z of a method,
    or of its difference to the first. Each interval has blocks of its own, and is at least as wide
    as that of the effective number of slices.

    Parameters
    ----------
    values : ArrayLike
        (methods, n), finite: a value of each slice for each method.
    units : Sequence[str] or None
        The unit of each slice; whole units are drawn with replacement. None for slices of one
        patient, in the order of their position.
    """
    known = np.asarray(values, np.float64)
    means = known.mean(axis=1)
    ranks = _ranks(means[:, np.newaxis], higher_is_better)[:, 0]
    apart = known - known[int(np.argmin(ranks))]
    blocks = _blocks([*known, *apart]) if units is None else units
    drawn = draw_groups(blocks, _RESAMPLES, seed)
    membership = np.eye(drawn.groups)[drawn.group_of]  # (n, units)
    sums, sizes = known @ membership, membership.sum(axis=0)
    of_draws = _ranks((sums @ drawn.counts.T) / (drawn.counts @ sizes), higher_is_better)
    several, group_of = drawn.groups > 1, None if units is None else drawn.group_of
    return Ranking(
        means=tuple(means.tolist()),
        intervals=tuple(_interval(row, group_of) for row in known),
        ranks=tuple(ranks.tolist()),
        behind=tuple(float(row.mean()) for row in apart),
        behind_intervals=tuple(_interval(row, group_of) if row.any() else None for row in apart),
        held=_shares(of_draws == ranks[:, np.newaxis]) if several else None,
        first=_shares(of_draws == 1) if several else None,
        slices=known.shape[1],
        units=drawn.groups,
    )


def _blocks(rows: Sequence[Floats]) -> list[str]:
    """The block of each slice: all rows vary independently from one block to the next."""
    length = max(independent_length([row]) for row in rows)
    blocks = parts(np.arange(len(rows[0]), dtype=np.float64), length)
    return [f"block {number}" for number, block in enumerate(blocks) for _ in block]


def _interval(values: Floats, group_of: NDArray[np.intp] | None) -> Interval | None:
    if group_of is None:
        return mean_interval([values], block_length([values]))
    return mean_interval([values[group_of == unit] for unit in range(group_of.max() + 1)], None)


def _shares(found: NDArray[np.bool_]) -> tuple[float, ...]:
    return tuple(found.mean(axis=1).tolist())


def _ranks(means: Floats, higher_is_better: bool) -> NDArray[np.int64]:
    """Ranks in each draw, (methods, draws): one more than the number of better methods."""
    merit = means if higher_is_better else -means
    margin = _EQUAL * np.abs(means).max(axis=0)
    better = merit[np.newaxis] > merit[:, np.newaxis] + margin
    return 1 + better.sum(axis=1)
