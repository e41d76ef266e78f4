"""Probability of processing: on denoisers that training never saw, and on filtered back-projection.

Real slices of filtered back-projection are those of patients that no training sees, and the
pairs of doses; a Siemens kernel whose name begins with I or J is iterative.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import fmean, median

from scipy.stats import mannwhitneyu

from distiliqa.ct import CTSlice
from distiliqa.lab.data.label_maps import PROCESSED
from distiliqa.lab.data.ratings import RatedImage
from distiliqa.scoring.slice_score import SliceScore
from tools.make_model.settings import ModelSettings
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.normal_dose import is_sharp
from tools.model_check.simulated_images import ALL_FAULTS, UNSEEN, simulated_images
from tools.model_check.subject import Subject, read

MIN_AREA, MAX_FLAGGED = 0.95, 0.05
_ITERATIVE = re.compile(r"[IJ]\d")

Scored = list[tuple[RatedImage, SliceScore]]


def processed(subject: Subject, settings: ModelSettings) -> Section:
    """AUC of the probability, and the share of slices that are wrongly flagged."""
    known, unseen = (_scored(subject, settings, name) for name in (ALL_FAULTS, UNSEEN))
    untouched = [pair for pair in (*known, *unseen) if _word(pair) == "0"]
    made = [pair for pair in unseen if _word(pair) == "1"]
    seen = [pair for pair in known if _word(pair) == "1"]
    lines = [
        line(
            "processed, unseen denoisers: AUC",
            len(untouched) + len(made),
            _area(made, untouched),
            at_least=MIN_AREA,
        ),
        *_false(subject),
    ]
    rows = [
        {"images": name, "n": len(found), "AUC": _area(found, untouched), "median": _median(found)}
        for name, found in (
            ("not processed", untouched),
            ("denoisers of kinds that training saw", seen),
            *_by_kind(made),
        )
    ]
    about = (
        "Simulated images of held-out patients: processed, against those that no denoiser and no "
        "filter of noise has changed. Flagged: above the threshold of the model."
    )
    return Section("Processed", about, (lines, rows))


def _scored(subject: Subject, settings: ModelSettings, name: str) -> Scored:
    folder = simulated_images(subject, settings, name)
    return list(zip(subject.rated(folder), subject.rated_scores(folder), strict=True))


def _word(pair: tuple[RatedImage, SliceScore]) -> str:
    return pair[0].facts.get(PROCESSED, "")


def _by_kind(made: Scored) -> list[tuple[str, Scored]]:
    """Images by what made them: the kind, and the file of a network."""
    kinds: dict[str, Scored] = {}
    for image, score in made:
        parts = image.facts.get("process", "").split(":")
        kinds.setdefault(f"{parts[0]} {' '.join(parts[2:])}".strip(), []).append((image, score))
    return [(f"unseen: {name}", found) for name, found in sorted(kinds.items())]


def _probabilities(found: Scored) -> list[float]:
    return [score.processed for _, score in found if score.processed is not None]


def _area(positive: Scored, negative: Scored) -> float | None:
    """Area under the curve; None where a side is empty or the model has no such output."""
    above, below = _probabilities(positive), _probabilities(negative)
    if not above or not below:
        return None
    return float(mannwhitneyu(above, below).statistic) / (len(above) * len(below))


def _median(found: Scored) -> float | None:
    values = _probabilities(found)
    return median(values) if values else None


def _false(subject: Subject) -> list[Row]:
    slices = [one.ct for one in subject.never_trained]
    slices += [read(path) for pair in subject.pairs for path in pair.values()]
    rows = []
    for sharp, name in ((False, "soft"), (True, "sharp")):
        chosen = [ct for ct in slices if _is_back_projection(ct, sharp=sharp)]
        scored = subject.score(chosen, f"{name} kernels", len(chosen))
        what = f"filtered back-projection, {name} kernels: flagged"
        rows.append(line(what, len(scored), _flagged(scored), at_most=MAX_FLAGGED))
    return rows


def _is_back_projection(ct: CTSlice, *, sharp: bool) -> bool:
    kernel = ct.acquisition.kernel
    return is_sharp(kernel) is sharp and not _ITERATIVE.match(kernel or "")


def _flagged(scored: Sequence[SliceScore]) -> float | None:
    known = [score.counts_as_processed for score in scored if score.processed is not None]
    return fmean(known) if known else None
