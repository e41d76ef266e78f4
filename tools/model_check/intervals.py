"""Coverage of the prediction intervals across patients, each left out in turn."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

import numpy as np
from scipy.stats import spearmanr

from distiliqa.errors import DistiliqaError
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.statistics.conformal_by_case import RatedByOthers, left_out_coverage
from tools.make_model.settings import ModelSettings
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.simulated_images import ALL_FAULTS, simulated_images
from tools.model_check.subject import Subject

MIN_COVERAGE, MAX_COVERAGE = 0.85, 0.95


def intervals(subject: Subject, settings: ModelSettings) -> Section:
    """Coverage of the model's own intervals, and of intervals calibrated on the other patients."""
    folder = simulated_images(subject, settings, ALL_FAULTS)
    images, scored = subject.rated(folder), subject.rated_scores(folder)
    cases = [str(image.case) for image in images]
    covered = [_is_covered(*pair) for pair in zip(images, scored, strict=True)]
    known = [inside for inside in covered if inside is not None]
    by_case = [
        (case, [inside for name, inside in zip(cases, covered, strict=True) if name == case])
        for case in sorted(set(cases))
    ]
    lines = [
        _coverage("intervals of 90 %: coverage", len(known), fmean(known) if known else None),
        _coverage(
            "intervals of 90 %, each patient left out in turn: coverage",
            len(by_case),
            _left_out(subject, images, scored, cases),
        ),
        _narrower(images, scored),
    ]
    rows = [
        {"patient": case, "n": len(found), "coverage": fmean(bool(inside) for inside in found)}
        for case, found in by_case
        if None not in found
    ]
    about = (
        "Simulated images of held-out patients, all faults. The first line is of the intervals "
        "that the model states, the second of intervals calibrated anew on all patients but one."
    )
    return Section("Prediction intervals", about, (lines, rows))


def _coverage(what: str, count: int, share: float | None) -> Row:
    return line(what, count, share, at_least=MIN_COVERAGE, at_most=MAX_COVERAGE)


def _is_covered(image: RatedImage, score: SliceScore) -> bool | None:
    if score.interval is None:
        return None
    return score.interval[0] <= image.score <= score.interval[1]


def _left_out(
    subject: Subject,
    images: Sequence[RatedImage],
    scored: Sequence[SliceScore],
    cases: Sequence[str],
) -> float | None:
    """Mean coverage over the patients; None where they are too few."""
    scale = subject.model.config.scale
    scores = np.array([score.score for score in scored])
    labels = np.array([image.score for image in images])
    rated = RatedByOthers(
        scores - labels,
        np.array([score.spread or 0.0 for score in scored]),
        (scores - scale.low) / (scale.high - scale.low),
        np.array([score.processed or 0.0 for score in scored]),
        cases,
    )
    try:
        return float(left_out_coverage(rated).mean())
    except DistiliqaError:
        return None


def _narrower(images: Sequence[RatedImage], scored: Sequence[SliceScore]) -> Row:
    """SROCC of widths with absolute errors: above 0 where narrow intervals are of right scores."""
    pairs = [
        (score.interval[1] - score.interval[0], abs(score.score - image.score))
        for image, score in zip(images, scored, strict=True)
        if score.interval is not None
    ]
    value = float(spearmanr(*zip(*pairs, strict=True)).statistic) if pairs else None
    what = "intervals: SROCC of width with error"
    return line(what, len(pairs), value, at_least=0)
