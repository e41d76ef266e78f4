"""Quality maps: blocks, weights, and the score that they give."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.support.slices import noisy_body

from distiliqa.lab.data.quality_map import QualityMap, quality_map
from distiliqa.lab.label.anatomy import CELL, Anatomy
from distiliqa.lab.label.loss import Faults
from distiliqa.lab.label.reader_scale import RATINGS, ReaderScale
from distiliqa.lab.label.simulated_label import Labeled

SIDE = 128
SCALE = ReaderScale(tuple(RATINGS.tolist()))  # detectability is its own rating


@pytest.fixture(scope="module")
def anatomy() -> Anatomy:
    return Anatomy(noisy_body(SIDE).astype(np.float32), 3.0)


def shown(seen: np.ndarray, detectability: float) -> Labeled:
    none = np.zeros((1, 1, 1), np.float32)
    return Labeled(
        image=np.zeros((SIDE, SIDE), np.float32),
        faults=Faults(none, none, none, none),
        detectability=np.full((SIDE // CELL, SIDE // CELL), detectability, np.float32),
        seen=seen,
        noise_left=1.0,
    )


def test_blocks_without_tissue_have_no_quality(anatomy: Anatomy) -> None:
    found = quality_map(anatomy, shown(np.ones((SIDE, SIDE), bool), 3.0), SCALE)
    assert found.quality.shape == found.weight.shape == (4, 4)
    inside = found.weight > 0
    assert 0 < inside.sum() < 16
    assert found.quality[inside] == pytest.approx(3)
    assert not found.quality[~inside].any()
    assert found.score == pytest.approx(3)


def test_what_the_detector_does_not_cover_is_rated_0(anatomy: Anatomy) -> None:
    left = np.arange(SIDE) < SIDE // 2
    found = quality_map(anatomy, shown(np.broadcast_to(left, (SIDE, SIDE)), 4.0), SCALE)
    assert found.quality[:, :2][found.weight[:, :2] > 0] == pytest.approx(4)
    assert not found.quality[:, 2:].any()
    assert found.score == pytest.approx(2, abs=0.1)


def test_a_map_is_kept_in_a_file(tmp_path: Path) -> None:
    whole = QualityMap(
        np.array([[4, 0], [1, 2]], np.float32), np.array([[0.5, 0], [1, 0.5]], np.float32)
    )
    whole.save(tmp_path / "1.npz")
    with np.load(tmp_path / "1.npz") as kept:
        assert np.array_equal(kept["quality"], whole.quality)
        assert np.array_equal(kept["weight"], whole.weight)
    assert whole.score == pytest.approx((4 * 0.5 + 1 + 2 * 0.5) / 2)
