from __future__ import annotations

import numpy as np
import pytest

from distiliqa.metrics.noise_boxes import boxes


def test_boxes_have_the_mean_and_deviation_of_their_pixels():
    hu = np.random.default_rng(0).normal(40, 20, (60, 64)).astype(np.float32)
    found = boxes(hu, 0.7)
    assert (found.count, found.side) == (3, 9)
    inside = hu[6:15, 12:21]
    assert found.means[2, 4] == pytest.approx(inside.mean(), rel=1e-4)
    assert found.deviations[2, 4] == pytest.approx(inside.std(ddof=1), rel=1e-3)


@pytest.mark.parametrize(("pixel_mm", "side"), [(0.4, 15), (0.5, 12), (0.98, 9), (1.4, 9)])
def test_boxes_are_6_mm_or_9_pixels(pixel_mm: float, side: int):
    assert boxes(np.zeros((64, 64)), pixel_mm).side == side


def test_tissue_is_found_by_mean_and_cells():
    hu = np.full((60, 60), -100.0)
    hu[30:] = 50.0
    found = boxes(hu, 0.7)
    fat = found.of_tissue((-130.0, -60.0))
    assert fat[:8].all()
    assert not fat[10:].any()
    middle = found.centered(fat)
    assert middle.shape == found.cells.shape
    assert middle[1:9, 1:-1].all()
    assert not middle[0].any()
