"""Rows of the tables: a figure of the model beside that of the global noise level (GNL).

The GNL is lower for better images, so its sign is turned where it ranks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from statistics import fmean
from typing import NamedTuple

import numpy as np

from distiliqa.scoring.slice_score import SliceScore
from distiliqa.statistics.agreement import krocc, plcc, srocc
from tools.model_check.acceptance import Row, bounded, compared

METRICS: dict[str, Callable[..., float | None]] = {"PLCC": plcc, "SROCC": srocc, "KROCC": krocc}


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


def agreement_rows(
    scored: Sequence[SliceScore], true: Sequence[float], *, srocc_at_least: float | None = None
) -> list[Row]:
    """The correlations with the true scores; of images without a GNL, the model alone has them."""
    rows = []
    known = [at for at, score in enumerate(scored) if score.noise_hu is not None]
    levels = [-(scored[at].noise_hu or 0.0) for at in known]
    for name, metric in METRICS.items():
        at_least = srocc_at_least if name == "SROCC" else None
        of_model = metric([score.score for score in scored], true)
        of_level = metric(levels, [true[at] for at in known]) if known else None
        whole = len(known) == len(scored)
        rows.append(
            compared(name, len(scored), of_model, of_level if whole else None, at_least=at_least)
        )
        if known and not whole:
            same = metric([scored[at].score for at in known], [true[at] for at in known])
            rows.append(compared(f"{name}, images with a GNL", len(known), same, of_level))
    return rows


def ranking_rows(
    name: str, ladders: Sequence[Sequence[SliceScore]], *, at_least: float
) -> list[Row]:
    """The share of pairs ranked right; of pairs without a GNL, the model alone has it."""
    by_model = ranked_right([[score.score for score in ladder] for ladder in ladders])
    levels = [[score.noise_hu for score in ladder] for ladder in ladders]
    by_level = ranked_right([[None if v is None else -v for v in ladder] for ladder in levels])
    whole = by_level.pairs == by_model.pairs
    level = by_level.share if whole else None
    rows = [compared(name, by_model.pairs, by_model.share, level, at_least=at_least)]
    if by_level.pairs and not whole:
        same = ranked_right(
            [None if score.noise_hu is None else score.score for score in ladder]
            for ladder in ladders
        )
        rows.append(
            compared(f"{name}, where there is a GNL", same.pairs, same.share, by_level.share)
        )
    return rows


def change_row(
    name: str,
    before: Sequence[SliceScore],
    after: Sequence[SliceScore],
    *,
    at_most: float | None = None,
) -> Row:
    """Changes of score and GNL; the bound is on the largest absolute change of the score."""
    changes = [b.score - a.score for a, b in zip(before, after, strict=True)]
    noise = [
        b.noise_hu - a.noise_hu
        for a, b in zip(before, after, strict=True)
        if a.noise_hu is not None and b.noise_hu is not None
    ]
    largest = _largest(changes)
    return {
        "change": name,
        "n": len(changes),
        "mean": fmean(changes) if changes else None,
        "mean absolute": fmean(map(abs, changes)) if changes else None,
        "largest": largest,
        "GNL mean, HU": fmean(noise) if noise else None,
        "GNL largest, HU": _largest(noise),
        **bounded(largest, at_most=at_most),
    }


def _largest(changes: Sequence[float]) -> float | None:
    return float(np.max(np.abs(changes))) if changes else None
