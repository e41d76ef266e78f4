"""Detection of images that are out of domain."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean

import numpy as np
from numpy.typing import NDArray
from scipy.stats import mannwhitneyu

from distiliqa.ct import CTSlice, SliceInfo
from distiliqa.scoring.slice_score import SliceScore
from tools.model_check.acceptance import Row, Section, bounded
from tools.model_check.subject import Subject
from tools.model_check.unlike import (
    BODY_MM,
    HEAD_MM,
    extremities,
    heads,
    magnetic_resonance,
    natural,
    phantoms,
)

FALSE_ALARMS, FLAGGED = 0.05, 0.9


def domain(subject: Subject) -> Section:
    facts = subject.model.config.domain
    if facts is None:
        return Section("Domain", "The model has no distance.", ())
    unlike = {
        "natural images": (natural(), None),
        "MR of heads": (magnetic_resonance(), None),
        "computed heads": (heads(), HEAD_MM),
        "computed thighs and forearms": (extremities(), BODY_MM),
        "water and rod phantoms": (phantoms(), BODY_MM),
    }
    known, normal = subject.rated_scores, subject.held_out
    scored = {name: _score(subject, name, *images) for name, images in unlike.items()}
    everyone = [score for found in scored.values() for score in found]
    rows = [
        _known("held-out patients, any dose and fault", known),
        _known(
            "their normal dose",
            subject.score(normal, "normal dose", len(normal)),
        ),
        *(_out_of_domain(name, found, known) for name, found in scored.items() if found),
        _out_of_domain("all of these", everyone, known),
    ]
    about = (
        "AUROC of the distance against the images of test.json; bounds on the share out of domain. "
        f"{100 * facts.false_alarms:g} % of the {facts.checked} images that the limit was set on "
        "are beyond it; their patients are unknown to the images that they were compared with."
    )
    return Section("Domain", about, (rows,))


def _score(
    subject: Subject,
    name: str,
    images: Iterable[NDArray[np.float32]],
    spacing_mm: tuple[float, float] | None,
) -> list[SliceScore]:
    slices = [CTSlice(hu, SliceInfo(spacing_mm=spacing_mm)) for hu in images]
    return subject.score(slices, name, len(slices))


def _known(name: str, scored: Sequence[SliceScore]) -> Row:
    return _row(name, scored, at_most=FALSE_ALARMS)


def _out_of_domain(name: str, scored: Sequence[SliceScore], known: Sequence[SliceScore]) -> Row:
    ranks = mannwhitneyu([score.distance for score in scored], [score.distance for score in known])
    area = float(ranks.statistic) / (len(scored) * len(known))
    return _row(name, scored, area, at_least=FLAGGED)


def _row(
    name: str, scored: Sequence[SliceScore], area: float | None = None, **limits: float
) -> Row:
    share = fmean(score.distance is not None and score.distance > 1 for score in scored)
    row = {"images": name, "n": len(scored), "share outside": share, "AUROC": area}
    return row | bounded(share, **limits)
