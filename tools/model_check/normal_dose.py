"""Scores of real slices at normal dose: of soft kernels, they must be good."""

from __future__ import annotations

import re
from collections.abc import Sequence
from statistics import fmean, median

from distiliqa.scoring.slice_score import SliceScore
from distiliqa.simulate.kernels import named_kernel
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.subject import Subject

MIN_MEDIAN, GOOD, MIN_GOOD = 3.5, 3.0, 0.95
SHARP_HALF = 0.5  # cycles/mm; LUNG, BONE and D45f lie above, B30f, STANDARD and FC12 below


def is_sharp(kernel: str | None) -> bool | None:
    """Whether a kernel is sharp, by its DICOM name; None where the name says nothing.

    The name may be a part of the value, as in ``59 .21.B50s``.
    """
    parts = re.split(r"[^A-Za-z0-9+]+", kernel or "")
    known = [found for part in parts if (found := named_kernel(part)) is not None]
    return known[0].half >= SHARP_HALF if known else None


def normal_dose(subject: Subject) -> Section:
    """Median and share above 3 of held-out slices with soft kernels; the others for comparison."""
    slices = subject.never_trained
    scored = subject.score((one.ct for one in slices), "normal dose", len(slices))
    groups: dict[str, list[SliceScore]] = {}
    for one, score in zip(slices, scored, strict=True):
        sharp = is_sharp(one.ct.acquisition.kernel)
        kernel = {True: "sharp kernels", False: "soft kernels", None: "unknown kernel"}[sharp]
        who = "held out" if one.role == "held_out" else "too noisy or sharp for training"
        groups.setdefault(f"{who}, {kernel}", []).append(score)
    soft = groups.get("held out, soft kernels", [])
    values = [score.score for score in soft]
    middle = median(values) if values else None
    good = fmean(value > GOOD for value in values) if values else None
    lines = [
        line("normal dose, soft kernels: median", len(soft), middle, at_least=MIN_MEDIAN),
        line("normal dose, soft kernels: share above 3", len(soft), good, at_least=MIN_GOOD),
    ]
    about = (
        "Real slices of chest and abdomen of held-out patients, as their files have them. Below, "
        "those of the other patients whom no training saw, too."
    )
    rows = [_row(name, group) for name, group in sorted(groups.items())]
    return Section("Normal dose", about, (lines, rows))


def _row(name: str, scored: Sequence[SliceScore]) -> Row:
    scores = [score.score for score in scored]
    noise = [score.noise_hu for score in scored if score.noise_hu is not None]
    return {
        "slices": name,
        "n": len(scores),
        "lowest": min(scores),
        "median": median(scores),
        "GNL median, HU": median(noise) if noise else None,
    }
