"""Coverage of the prediction intervals on held-out patients, beside the stated one."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from distiliqa.lab.data.ratings import RatedImage
from distiliqa.scoring.slice_score import SliceScore
from tools.model_check.acceptance import Row, Section, bounded
from tools.model_check.subject import Subject

MAX_DIFFERENCE = 0.03  # of the coverage from the stated one


def intervals(subject: Subject) -> Section:
    facts = subject.model.config.interval_calibration
    if facts is None:
        return Section("Prediction intervals", "The model states none.", ())
    pairs = list(zip(subject.rated, subject.rated_scores, strict=True))
    cases = sorted({str(image.case) for image, _ in pairs})
    rows = [_covered("all", pairs, facts.coverage, bound=True)]
    rows += [
        _covered(case, [pair for pair in pairs if pair[0].case == case], facts.coverage)
        for case in cases
    ]
    about = (
        f"Intervals stated to hold {100 * facts.coverage:g} % of the labels, calibrated on "
        f"{facts.images} images of {facts.cases} other patients; here on test.json. The bound is "
        "on the difference from what is stated."
    )
    return Section("Prediction intervals", about, (rows,))


def _covered(
    name: str,
    pairs: Sequence[tuple[RatedImage, SliceScore]],
    stated: float,
    *,
    bound: bool = False,
) -> Row:
    inside = [
        score.interval[0] <= image.score <= score.interval[1]
        for image, score in pairs
        if score.interval is not None
    ]
    widths = [score.interval[1] - score.interval[0] for _, score in pairs if score.interval]
    share = fmean(inside) if inside else None
    off = None if share is None else abs(share - stated)
    limits = bounded(off, at_most=MAX_DIFFERENCE) if bound else bounded(off)
    return {
        "patients": name,
        "n": len(inside),
        "coverage": share,
        "mean width": fmean(widths) if widths else None,
        **limits,
    }
