"""Agreement with pairs of doses, and with radiologists' ratings; for checking only."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from statistics import fmean

from distiliqa.scoring.slice_score import SliceScore
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.subject import Subject, read

MAX_ERROR = 0.5


def real_pairs(subject: Subject) -> Section:
    """Share of the pairs whose full dose scores above Mayo's quarter dose."""
    paths = [path for pair in subject.pairs for path in pair.values()]
    scored = subject.score(map(read, paths), "pairs of doses", len(paths))
    pairs = list(zip(scored[::2], scored[1::2], strict=True))
    share = fmean(full.score > quarter.score for full, quarter in pairs) if pairs else None
    lines = [
        line(
            "real pairs: full above quarter dose",
            len(pairs),
            share,
            at_least=1,
            noise_level=_noise_level_right(pairs),
        )
    ]
    rows = [_pair(full, quarter) for full, quarter in pairs]
    about = (
        "dose_pairs: one patient, two kernels. The Mayo Clinic made the quarter dose by adding "
        "noise to the projections of the full dose."
    )
    return Section("Pairs of doses", about, (lines, rows))


def _noise_level_right(pairs: Sequence[tuple[SliceScore, SliceScore]]) -> float | None:
    known = [
        full.noise_hu < quarter.noise_hu
        for full, quarter in pairs
        if full.noise_hu is not None and quarter.noise_hu is not None
    ]
    return fmean(known) if known else None


def _pair(full: SliceScore, quarter: SliceScore) -> Row:
    where = f"{full.acquisition.kernel} {full.position_mm or 0:g} mm"
    return {"pair": where, "full": full.score, "quarter": quarter.score}


def rated_images(subject: Subject) -> Section:
    """Order and largest error on images that radiologists rated."""
    ratings = sorted(subject.ratings.items(), key=lambda item: -item[1])  # the best first
    scored = subject.score((read(path) for path, _ in ratings), "rated images", len(ratings))
    pairs = list(combinations(scored, 2))
    right = fmean(better.score > worse.score for better, worse in pairs) if pairs else None
    errors = [found.score - rating for found, (_, rating) in zip(scored, ratings, strict=True)]
    largest = max(map(abs, errors), default=None)
    lines = [
        line(
            "ldctiqac2023: pairs in order",
            len(pairs),
            right,
            at_least=1,
            noise_level=_noise_level_right(pairs),
        ),
        line("ldctiqac2023: largest error", len(errors), largest, at_most=MAX_ERROR),
    ]
    rows = [
        {"image": path.name, "rating": rating, "score": found.score, "interval": found.interval}
        for (path, rating), found in zip(ratings, scored, strict=True)
    ]
    about = "Four images of the challenge with the mean ratings of radiologists."
    return Section("Images rated by radiologists", about, (lines, rows))
