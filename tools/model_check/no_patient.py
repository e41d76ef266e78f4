"""Images that show no patient: their scores must carry a warning."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import binary_dilation

from distiliqa.ct import CTSlice
from distiliqa.ct.crop_or_pad import AIR_HU
from distiliqa.simulate.patient import body_outline
from tools.model_check.acceptance import Row, Section, line
from tools.model_check.subject import Subject


def no_patient(subject: Subject) -> Section:
    """Share of images of air, noise and tables that get a warning."""
    size = (subject.model.config.image_size,) * 2
    rng = np.random.default_rng(0)
    images = {
        "air": [np.full(size, AIR_HU)],
        "air, noise of 10 HU": [rng.normal(AIR_HU, 10, size)],
        "air, noise of 50 HU": [rng.normal(AIR_HU, 50, size)],
        "air, noise of 200 HU": [rng.normal(AIR_HU, 200, size)],
        "the table alone": [_table(ct) for ct in subject.held_out],
        "nothing but 0 HU": [np.zeros(size)],
        "nothing but 40 HU": [np.full(size, 40.0)],
    }
    rows = [_flagged(subject, name, shown) for name, shown in images.items()]
    return Section("No patient", "Share of the images whose score carries a warning.", (rows,))


def _table(ct: CTSlice) -> np.ndarray:
    """Pixels outside the body and its skin, with air in place of the body."""
    return np.where(binary_dilation(body_outline(ct.hu), iterations=8), AIR_HU, ct.hu)


def _flagged(subject: Subject, name: str, images: Sequence[np.ndarray]) -> Row:
    slices = (CTSlice(hu.astype(np.float32)) for hu in images)
    scored = subject.score(slices, name, len(images))
    share = sum(bool(score.warnings) for score in scored) / len(scored)
    row = line(f"no patient: {name}", len(scored), share, at_least=1)
    return row | {"highest score": max(score.score for score in scored)}
