"""Rated slices whose noise decides both the score of the tiny model and the ratings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

NOISES = (5, 15, 30, 60)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 slices of 12 patients, and two readers on a scale of 1 to 5: ``ratings.csv``."""
    folder = tmp_path_factory.mktemp("site")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[-128:128, -128:128]
    rows = ["image,case,A,B"]
    for case in range(12):
        body = np.where((y / 90) ** 2 + (x / (80 + 3 * case)) ** 2 < 1, 40.0, -1000.0)
        for noise in NOISES:
            name = f"p{case}_{noise}.npy"
            hu = body + noise * rng.standard_normal(body.shape) * (body > 0)
            np.save(folder / name, hu.astype(np.float32))
            rating = 5 - 3.5 * noise / 60 + rng.normal(0, 0.2, 2)
            rows.append(f"{name},p{case}," + ",".join(f"{value:.1f}" for value in rating))
    (folder / "ratings.csv").write_text("\n".join(rows), encoding="utf-8-sig")
    return folder
