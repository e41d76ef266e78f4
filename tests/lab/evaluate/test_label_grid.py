"""Steps of ratings, exact and as files round them."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.lab.evaluate.label_grid import detect_grid, to_grid


@pytest.mark.parametrize(
    ("labels", "step"),
    [
        ([0, 1, 4], 1),
        ([1.5, 2], 1 / 2),
        ([1.2, 0.4, 3.0], 1 / 5),
        ([3.0, 2.3333333333333335, 1.3333333333333333, 3.8333333333333335], 1 / 6),
        ([3.1667, 0.5], 1 / 6),
        ([0.74269865, 0.84238623, 1.0], None),
        ([1.0, 1.0], None),
        ([2.2], None),
    ],
)
def test_detect(labels: list[float], step: float | None) -> None:
    assert detect_grid(labels) == step


def test_to_grid_makes_equal_values_equal() -> None:
    rounded = to_grid([1.11, 1.29, 1.31, -0.05], 0.2)
    np.testing.assert_allclose(rounded, [1.2, 1.2, 1.4, 0])
    assert rounded[0] == rounded[1]
