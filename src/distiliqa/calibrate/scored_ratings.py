"""The scores of rated images, and whether they are enough for a map."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from distiliqa.ct import Problem, SliceInfo
from distiliqa.errors import RecipeError
from distiliqa.readers.rated_slices import RatedSlices
from distiliqa.readers.reader_scales import MeanRatings
from distiliqa.scoring.model import Model
from distiliqa.scoring.prepare import prepare
from distiliqa.scoring.read_ahead import SliceReader
from distiliqa.scoring.series_score import counted
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.statistics.agreement import srocc

Floats = NDArray[np.float64]
Progress = Callable[[int, int], None]
Scores = Mapping[tuple[str, int], SliceScore]  # by path and frame

MIN_RATINGS, MIN_CASES = 30, 10


@dataclass(frozen=True, eq=False)
class ScoredRatings:
    """n ratings with the mean score of their slices.

    Attributes
    ----------
    scores, ratings : ndarray of float
        (n,), on the scales of the network and of the readers.
    outputs : ndarray of float
        (n, outputs), of the network.
    processed : ndarray of float
        (n,), probability; 0 for a network that gives none.
    cases : tuple[str, ...]
        The patient of each.
    failed : tuple[Problem, ...]
        Slices that could not be read.
    sha256 : dict[str, str]
        Of each file that was read, by path.
    notes : tuple[str, ...]
        What was left out.
    """

    scores: Floats
    ratings: Floats
    outputs: Floats
    processed: Floats
    cases: tuple[str, ...]
    failed: tuple[Problem, ...]
    sha256: Mapping[str, str]
    notes: tuple[str, ...]


def score_ratings(
    model: Model, rated: Sequence[RatedSlices], mean: MeanRatings, progress: Progress | None = None
) -> ScoredRatings:
    """Score what was rated.

    A rating of several slices gets the mean score of those that count. A rating whose slices cannot
    be read, or show no patient, is left out.
    """
    infos: list[SliceInfo] = [info for row in rated for info in row.slices]
    reader = SliceReader(infos, lambda ct: prepare(ct, model.config))
    found: dict[tuple[str, int], SliceScore] = {}
    for score in model.for_many(heatmaps=False).score_prepared(reader):
        found[score.path, score.frame] = score
        if progress is not None:
            progress(len(found) + len(reader.failed), len(infos))
    rows = {at: slices for at, row in enumerate(rated) if (slices := _counting(row, found))}
    return ScoredRatings(
        scores=_means(rows, lambda one: one.score),
        ratings=mean.values[list(rows)],
        outputs=np.array([np.mean([one.outputs for one in row], axis=0) for row in rows.values()]),
        processed=_means(rows, lambda one: one.processed or 0.0),
        cases=tuple(str(rated[at].case) for at in rows),
        failed=tuple(reader.failed),
        sha256=reader.sha256,
        notes=tuple(_notes(len(rated), rows)),
    )


def _counting(row: RatedSlices, scores: Scores) -> tuple[SliceScore, ...]:
    known = [scores[key] for i in row.slices if (key := (i.path, i.frame)) in scores]
    return tuple(one for one in counted(known, lambda one: one.tier) if not one.empty)


def _means(rows: Mapping[int, Sequence[SliceScore]], take: Callable[[SliceScore], float]) -> Floats:
    return np.array([np.mean([take(one) for one in row]) for row in rows.values()])


def _notes(count: int, rows: Mapping[int, Sequence[SliceScore]]) -> list[str]:
    outside = sum(any(one.out_of_domain for one in row) for row in rows.values())
    notes = []
    if len(rows) < count:
        notes.append(f"{count - len(rows)} ratings of unreadable or empty images are left out")
    if outside:
        notes.append(f"{outside} of {len(rows)} rated images are out of domain")
    return notes


def require_enough(count: int, cases: Sequence[str | None], path: Path) -> None:
    """Raise `RecipeError` on too few ratings or patients for a map."""
    patients = len(set(cases))
    if count < MIN_RATINGS or patients < MIN_CASES:
        who = "1 patient" if patients == 1 else f"{patients} patients"
        raise RecipeError(
            f"{count} rated images of {who} are too few for a map",
            path=path,
            remedy=f"rate {MIN_RATINGS} images of {MIN_CASES} patients or more: a map of fewer is "
            "worse than none on the next patient",
        )


def require_rising(scored: ScoredRatings, rising: bool, path: Path) -> None:
    """Raise `RecipeError` unless better scores have better ratings."""
    found = srocc(scored.scores, scored.ratings)
    if found is None or (found > 0) != rising or found == 0:
        what = "all scores are equal" if found is None else f"rank correlation {found:.2f}"
        raise RecipeError(
            f"better scores do not have better ratings ({what})",
            path=path,
            remedy="check names and readers, and --lower-is-better; this score does not show what "
            "they rate",
        )
