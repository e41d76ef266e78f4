"""Checks by content: chest must score no lower, and images without a patient get a warning."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean, median

import numpy as np
from scipy.ndimage import binary_dilation

from distiliqa.ct import CTSlice
from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.scoring.slice_score import SliceScore
from distiliqa.simulate.kernels import named_kernel
from distiliqa.simulate.patient import body_outline, lung_share
from tools.model_check.acceptance import Row, Section, bounded
from tools.model_check.subject import Subject, progress

GOOD = 3.0
LUNG_SHARE = 0.15
SHARP_HALF = 0.5  # cycles/mm; LUNG, BONE and D45f lie above, B30f, STANDARD and FC17 below


def chest(subject: Subject) -> Section:
    slices = progress(subject.normal_dose, "looking for lung", len(subject.normal_dose))
    scored = [
        score
        for ct, score in zip(slices, subject.normal_scores, strict=True)
        if lung_share(ct.hu) > LUNG_SHARE
    ]
    sharp = [score for score in scored if _is_sharp(score)]
    soft = [score for score in scored if not _is_sharp(score)]
    groups = {"all": scored, "soft kernels": soft, "sharp kernels": sharp}
    rows = [_spread(name, group, GOOD) for name, group in groups.items() if group]
    series = {score.series: str(score.acquisition.kernel) for score in scored}
    rows_of_series = [
        _spread(f"…{uid[-8:]}, {kernel}", [score for score in scored if score.series == uid])
        for uid, kernel in series.items()
    ]
    about = (
        f"Normal-dose slices of which more than {100 * LUNG_SHARE:g} % of the pixels inside the "
        "body outline, blurred by 2 pixels, lie below -500 HU; bound on the lowest score."
    )
    return Section("Chest at normal dose", about, (rows, rows_of_series))


def _is_sharp(score: SliceScore) -> bool:
    kernel = named_kernel(score.acquisition.kernel)
    return kernel is not None and kernel.half >= SHARP_HALF


def _spread(name: str, scored: Sequence[SliceScore], at_least: float | None = None) -> Row:
    scores = [score.score for score in scored]
    noise = [score.noise_hu for score in scored if score.noise_hu is not None]
    return {
        "slices": name,
        "n": len(scores),
        "lowest": min(scores),
        "median": median(scores),
        f"share ≥ {GOOD:g}": fmean(score >= GOOD for score in scores),
        "GNL median, HU": median(noise) if noise else None,
        "GNL highest, HU": max(noise, default=None),
        **bounded(min(scores), at_least=at_least),
    }


def no_patient(subject: Subject) -> Section:
    size = (subject.model.config.image_size,) * 2
    rng = np.random.default_rng(0)
    images = {
        "air": [np.full(size, AIR_HU)],
        "air, noise of 10 HU": [rng.normal(AIR_HU, 10, size)],
        "air, noise of 50 HU": [rng.normal(AIR_HU, 50, size)],
        "air, noise of 200 HU": [rng.normal(AIR_HU, 200, size)],
        "the table of normal-dose slices": [_table(ct) for ct in subject.normal_dose],
        "blank, 0 HU": [np.zeros(size)],
        "blank, 40 HU": [np.full(size, 40.0)],
    }
    rows = [_flagged(subject, name, shown) for name, shown in images.items()]
    about = "Images that show no patient; flagged: the score carries a warning."
    return Section("Flags", about, (rows,))


def _table(ct: CTSlice) -> np.ndarray:
    """Pixels outside the body and its skin, with air in place of the body."""
    return np.where(binary_dilation(body_outline(ct.hu), iterations=8), AIR_HU, ct.hu)


def _flagged(subject: Subject, name: str, images: Sequence[np.ndarray]) -> Row:
    slices = (CTSlice(hu.astype(np.float32)) for hu in images)
    scored = subject.score(slices, name, len(images))
    warned = sorted({score.warnings[0].split(":")[0] for score in scored if score.warnings})
    flagged = sum(bool(score.warnings) for score in scored)
    return {
        "image": name,
        "n": len(scored),
        "flagged": flagged,
        "warning": ", ".join(warned),
        "highest score": max(score.score for score in scored),
        **bounded(flagged / len(scored), at_least=1),
    }
