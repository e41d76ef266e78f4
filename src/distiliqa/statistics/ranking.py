"""Whether scores fall with quality step by step, within one slice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple


class Ranked(NamedTuple):
    """Pairs of images, and those of them that are ranked right."""

    right: int
    pairs: int

    @property
    def share(self) -> float | None:
        """The share ranked right, in [0, 1]; None where there is no pair."""
        return self.right / self.pairs if self.pairs else None


def ranked_right(ladders: Iterable[Sequence[float | None]]) -> Ranked:
    """Count the pairs in which the better image has the strictly higher score.

    Parameters
    ----------
    ladders : the scores of the versions of one slice, best version first; None where a version
        has no score, whose pairs are not counted.
    """
    pairs = [
        better > worse
        for scores in ladders
        for better, worse in combinations(scores, 2)
        if better is not None and worse is not None
    ]
    return Ranked(sum(pairs), len(pairs))
