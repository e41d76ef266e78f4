from __future__ import annotations

import numpy as np
import pytest

from distiliqa.metrics.body_outline import body_outline, field_room


def discs(*parts: tuple[float, float, float], size: int = 256) -> np.ndarray:
    """Discs in air: row and column of the middle, and radius, pixels."""
    y, x = np.mgrid[:size, :size]
    hu = np.full((size, size), -1000.0, np.float32)
    for row, column, radius in parts:
        hu[np.hypot(y - row, x - column) < radius] = 40
    return hu


def test_the_largest_part_is_the_body_and_arms_are_parts():
    found = body_outline(discs((128, 128, 60), (128, 30, 22)))
    assert found is not None
    assert found.side == 4
    assert np.count_nonzero(found.body) * 16 == pytest.approx(np.pi * 60**2, rel=0.1)
    assert np.count_nonzero(found.parts[:, :12]) * 16 == pytest.approx(np.pi * 22**2, rel=0.15)
    assert not found.body[:, :12].any()


def test_no_body_in_air_and_in_a_table():
    assert body_outline(np.full((128, 128), -1000.0)) is None
    table = np.full((256, 256), -1000.0)
    table[200:206] = 100
    assert body_outline(table) is None


def test_the_field_of_view_is_round_where_the_corners_are_filled():
    noisy = np.random.default_rng(0).normal(-1000, 5, (128, 128)).astype(np.float32)
    noisy[40:90, 40:90] = 40
    square = body_outline(noisy.copy())
    y, x = np.mgrid[:128, :128] - 63.5
    noisy[np.hypot(y, x) > 64] = -1000
    circle = body_outline(noisy)
    assert square is not None
    assert circle is not None
    assert (square.is_round, circle.is_round) == (False, True)
    assert circle.room[0, 0] < 0 < square.room[0, 0]
    assert circle.room[63, 63] == pytest.approx(64, abs=1)
    with pytest.raises(ValueError, match="read-only"):
        field_room((128, 128), True)[0, 0] = 1


@pytest.mark.parametrize("shape", [(32, 32), (32, 48), (40, 33)])
def test_the_smallest_slices_have_a_field_of_view(shape: tuple[int, int]):
    hu = np.full(shape, -1000.0, np.float32)
    hu[8:-8, 8:-8] = 40
    found = body_outline(hu)
    assert found is not None
    assert found.is_round
    hu[0, 0] = -990
    square = body_outline(hu)
    assert square is not None
    assert not square.is_round


def test_air_keeps_its_distance_from_the_body():
    found = body_outline(discs((128, 128, 60)))
    assert found is not None
    y, x = np.nonzero(found.air)
    assert np.hypot(y * 4 + 2 - 128, x * 4 + 2 - 128).min() > 64
