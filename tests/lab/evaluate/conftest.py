"""Rated images that need no files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from distiliqa.lab.data.ratings import RatedImage


@pytest.fixture
def images() -> list[RatedImage]:
    """40 images of four cases with labels in fifths from 0 to 4."""
    labels = np.random.default_rng(0).integers(0, 21, 40) / 5
    labels[:2] = 0, 4
    return [
        RatedImage(f"C{i % 4}/{i}.dcm", Path(f"data/C{i % 4}/{i}.dcm"), label, f"C{i % 4}")
        for i, label in enumerate(labels.tolist())
    ]


@pytest.fixture
def predicted(images: list[RatedImage]) -> np.ndarray:
    """Labels with an error of 0.4."""
    return np.array([image.score for image in images]) + np.random.default_rng(1).normal(0, 0.4, 40)
