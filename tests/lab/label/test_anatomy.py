"""Soft tissue, blobs, and maps of cells."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.lab.label.anatomy import CELL, Anatomy, means_of
from distiliqa.lab.label.simulated_label import Subject

HEIGHTS = (80, 40, 20)  # HU


@pytest.fixture
def anatomy(subject: Subject) -> Anatomy:
    return subject.anatomy


def test_all_of_the_blobs_is_a_gain_of_one(anatomy: Anatomy) -> None:
    blobs = anatomy.blobs(HEIGHTS)

    assert anatomy.mean(anatomy.gain(blobs, blobs)) == pytest.approx(1, abs=0.02)


def test_half_of_the_blobs_is_a_gain_of_one_half(anatomy: Anatomy) -> None:
    blobs = anatomy.blobs(HEIGHTS)

    assert anatomy.mean(anatomy.gain(blobs / 2, blobs)) == pytest.approx(0.5, abs=0.01)


def test_tissue_is_inside_the_window_and_the_body(anatomy: Anatomy) -> None:
    tissue = anatomy.clean[anatomy.tissue > 0]

    assert tissue.min() >= -110
    assert tissue.max() <= 190
    assert 0.1 < anatomy.tissue.mean() < 0.9


def test_variance_is_that_of_the_place(anatomy: Anatomy) -> None:
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(anatomy.clean.shape)
    noise[:, : noise.shape[1] // 2] *= 10
    left, right = (half * anatomy.weight for half in _halves(anatomy.weight.shape))

    variance = anatomy.variance(noise).mean(axis=0)

    assert (variance * left).sum() / left.sum() > 20 * (variance * right).sum() / right.sum()


def _halves(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Cells far from the middle, on either side."""
    columns = np.arange(shape[1])[None] / shape[1]
    return columns < 0.35, columns > 0.65


def test_blocks_are_means_over_tissue(anatomy: Anatomy) -> None:
    values = np.where(anatomy.weight > 0, 3.0, 100.0)

    means, weight = anatomy.blocks(values)

    assert means.shape == tuple(side // 32 for side in anatomy.clean.shape)
    assert means[weight > 0] == pytest.approx(3.0)
    assert weight == pytest.approx(means_of(anatomy.tissue, 8 * CELL))
