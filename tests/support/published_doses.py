"""Doses mixed as the published preprocessing of DistilIQA does it, by other libraries.

It takes the place of files of the published program where these are absent: SimpleITK reads and
writes images, scikit-image rates them. Source: doi 10.1016/j.compbiomed.2024.108670.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from skimage.metrics import structural_similarity

SIZE = 128
CASES, SLICES, DOSES = ("C002", "C012"), 3, (0.5, 0.75)
FULL, LOW = "1.000000-Full Dose Images-72232", "1.000000-Low Dose Images-39882"


def write_published_doses(folder: Path) -> None:
    """Write pairs to ``input``, as TCIA names them; mixed doses and labels to ``reference``."""
    labels: dict[str, float] = {}
    for case in CASES:
        for number in range(1, SLICES + 1):
            study, name = Path(case) / "12-23-2021-NA-NA-62464", f"1-{number:03}.dcm"
            full, low = _pair(np.random.default_rng([CASES.index(case), number]))
            for dose, hu in ((FULL, full), (LOW, low)):
                path = folder / "input" / study / dose / name
                _write(path, hu.astype(np.int16), ("0008|0060", "CT"))
            labels[f"{study / FULL / name}"] = 1
            labels[f"{study / LOW / name}"] = _similarity(full, low)
            for dose in DOSES:
                # Noise variance goes as 1 / dose; 3 is what a quarter of the dose adds.
                mixed = np.trunc(full + np.sqrt((1 / dose - 1) / 3) * (low - full))
                place = study / f"{dose:g}Dose" / name
                _write(folder / "reference" / place, mixed.astype(np.int32))
                labels[f"{place}"] = _similarity(full, mixed)
    (folder / "reference" / "dataset.json").write_text(json.dumps(labels))


def _pair(rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A disc of organs in air, at full and at low dose, in whole HU; some are below -1024."""
    y, x = np.mgrid[:SIZE, :SIZE] - SIZE / 2
    clean = np.where(np.hypot(x, 1.3 * y) < 50, 40 + 60 * np.sin(x / 5) * np.cos(y / 7), -1000)
    full = clean + rng.normal(0, 10, clean.shape)
    return np.rint(full), np.rint(full + rng.normal(0, 25, clean.shape))


def _write(path: Path, hu: NDArray[np.integer], *tags: tuple[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(hu[None])
    for tag, value in tags:
        image.SetMetaData(tag, value)
    sitk.WriteImage(image, str(path))


def _similarity(full: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Structural similarity in the window 350 / 40 HU."""
    seen = (np.clip((hu + 135) / 350, 0, 1) for hu in (full, other))
    return float(structural_similarity(*seen, data_range=1.0))
