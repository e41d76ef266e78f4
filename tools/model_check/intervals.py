"""Coverage of the prediction intervals across patients, each left out in turn.

Held-out patients are rated by the model, training patients by the teacher that did not see them
(where the run of ``make model`` is given), 40 images each. The patients of the pretraining are in
neither: every network has seen them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from distiliqa.lab.data.ratings import RatedImage
from distiliqa.lab.train.teacher_ratings import rate_held_out, rated_by_teachers
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.statistics.agreement import srocc
from distiliqa.statistics.conformal_by_case import RatedByOthers, left_out_coverage, min_cases
from tools.make_model.networks import RUN, student_run
from tools.make_model.settings import ModelSettings
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.simulated_images import ALL_FAULTS, simulated_images
from tools.model_check.subject import Subject, read

MIN_COVERAGE, MAX_COVERAGE = 0.85, 0.95
IMAGES = 40  # of a training patient


class Rated(NamedTuple):
    """Images of held-out patients with their scores."""

    images: Sequence[RatedImage]
    scored: Sequence[SliceScore]

    @property
    def cases(self) -> list[str]:
        """Patient of each image."""
        return [str(image.case) for image in self.images]


def intervals(subject: Subject, settings: ModelSettings) -> Section:
    """Coverage of the model's own intervals, and of intervals calibrated on the other patients."""
    folder = simulated_images(subject, settings, ALL_FAULTS)
    rated = Rated(subject.rated(folder), subject.rated_scores(folder))
    covered = defaultdict(list)
    for case, image, score in zip(rated.cases, *rated, strict=True):
        if (inside := _is_covered(image, score)) is not None:
            covered[case].append(inside)
    everyone = [inside for found in covered.values() for inside in found]
    known = _together([_held_out(subject, rated), *_by_teachers(subject, settings)])
    shares = _left_out(known)
    lines = [
        _coverage("intervals of 90 %: coverage", len(everyone), everyone),
        _coverage(
            "intervals of 90 %, each patient left out in turn: coverage",
            len(set(known.cases)),
            shares,
        ),
        _narrower(rated),
    ]
    rows = [
        {"patient": case, "n": len(found), "coverage": fmean(found)}
        for case, found in sorted(covered.items())
    ]
    about = (
        "Simulated images, all faults. The first line is of held-out patients and of the intervals "
        "that the model states. The second is of all patients whom the network that rates them "
        "did not see, and of intervals calibrated anew without the patient; n counts patients."
    )
    return Section("Prediction intervals", about, (lines, rows))


def _coverage(what: str, count: int, shares: Sequence[float]) -> Row:
    value = fmean(shares) if shares else None
    return line(what, count, value, at_least=MIN_COVERAGE, at_most=MAX_COVERAGE)


def _is_covered(image: RatedImage, score: SliceScore) -> bool | None:
    if score.interval is None:
        return None
    return score.interval[0] <= image.score <= score.interval[1]


def _held_out(subject: Subject, rated: Rated) -> RatedByOthers:
    scale = subject.model.config.scale
    scores = np.array([score.score for score in rated.scored])
    labels = np.array([image.score for image in rated.images])
    return RatedByOthers(
        scores - labels,
        np.array([score.spread or 0.0 for score in rated.scored]),
        (scores - scale.low) / (scale.high - scale.low),
        np.array([score.processed or 0.0 for score in rated.scored]),
        rated.cases,
    )


def _by_teachers(subject: Subject, settings: ModelSettings) -> list[RatedByOthers]:
    """Training patients, rated by teachers; none without the run of ``make model``."""
    student = subject.made and subject.made / "student"
    if not student or not (student / RUN).is_dir():
        return []
    run = student_run(settings.student, student)
    names = typical(run.images)
    positions = [at for at, image in enumerate(run.images) if image.name in names]
    slices = (read(run.images[at].path) for at in positions)
    scored = subject.score(slices, "training patients", len(positions))
    spread = [score.spread or 0.0 for score in scored]
    ratings = rate_held_out(run, names)
    if ratings is None:
        return []
    return [rated_by_teachers(run, ratings, dict(zip(positions, spread, strict=True)), None)]


def typical(images: Sequence[RatedImage]) -> set[str]:
    """Names of some images of each patient, evenly spread over the data set."""
    by_case = defaultdict(list)
    for image in images:
        by_case[str(image.case)].append(image.name)
    chosen: set[str] = set()
    for found in by_case.values():
        at = np.linspace(0, len(found) - 1, min(len(found), IMAGES)).round().astype(int)
        chosen |= {found[place] for place in at}
    return chosen


def _together(parts: Sequence[RatedByOthers]) -> RatedByOthers:
    def joined(name: str) -> NDArray[np.floating]:
        return np.concatenate([getattr(part, name) for part in parts])

    names = [case for part in parts for case in part.cases]
    columns = (joined("errors"), joined("spread"), joined("share"), joined("processed"))
    return RatedByOthers(*columns, cases=names)


def _left_out(rated: RatedByOthers) -> list[float]:
    """Coverage of each patient; none where they are too few."""
    if len(rated.members) <= min_cases():
        return []
    return [float(share) for share in left_out_coverage(rated)]


def _narrower(rated: Rated) -> Row:
    """SROCC of widths with absolute errors: above 0 where narrow intervals are of right scores."""
    pairs = [
        (score.interval[1] - score.interval[0], abs(score.score - image.score))
        for image, score in zip(*rated, strict=True)
        if score.interval is not None
    ]
    value = srocc(*zip(*pairs, strict=True)) if pairs else None
    what = "intervals: SROCC of width with error"
    return line(what, len(pairs), value, at_least=0)
