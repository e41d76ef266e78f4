"""Displacement: where a point goes, and that noise is not interpolated."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.simulate.processing.processing import Processing

BLOB = np.zeros((72, 64), np.float32)
_ROWS, _COLUMNS = np.mgrid[:72, :64]
BLOB += 100 * np.exp(-((_ROWS - 36) ** 2 + (_COLUMNS - 32) ** 2) / 8.0).astype(np.float32)


def spread(image: np.ndarray) -> tuple[float, float]:
    """Distance of the center of mass from that of the blob, and root mean square radius."""
    share = image / image.sum()
    row, column = (share * _ROWS).sum(), (share * _COLUMNS).sum()
    radius = np.sqrt((share * ((_ROWS - row) ** 2 + (_COLUMNS - column) ** 2)).sum())
    return float(np.hypot(row - 36, column - 32)), float(radius)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_shift_is_as_far_as_it_states_and_keeps_the_shape(seed: int) -> None:
    moved = Processing("shift", 3.0, seed).prepared(BLOB, 0.5)(BLOB)
    distance, radius = spread(moved)
    assert distance == pytest.approx(6, abs=0.05)
    assert radius == pytest.approx(spread(BLOB)[1], abs=0.05)


def test_a_smear_is_as_long_as_it_states() -> None:
    distance, radius = spread(Processing("smear", 6.0).prepared(BLOB, 0.5)(BLOB))
    assert distance < 0.05
    # The variance of a line of 12 pixels is 12.
    assert radius**2 - spread(BLOB)[1] ** 2 == pytest.approx(12, rel=0.03)


def test_a_ghost_is_the_image_and_a_copy() -> None:
    ghost = Processing("ghost", 8.0, seed=4).prepared(BLOB, 0.5)(BLOB)
    distance, _ = spread(ghost)
    share = distance / 16
    assert 0.3 <= share <= 0.5
    assert ghost[36, 32] == pytest.approx(100 * (1 - share), rel=0.02)


def test_a_shift_keeps_the_noise() -> None:
    noise = np.random.default_rng(0).normal(40, 20, (72, 64)).astype(np.float32)
    moved = Processing("shift", 0.7, 3).prepared(noise, 0.8)(noise)
    assert moved.std() == pytest.approx(noise.std(), rel=0.06)
