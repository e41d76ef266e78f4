from __future__ import annotations

import numpy as np

from distiliqa.metrics.noise_map import soft_tissue_boxes
from distiliqa.metrics.soft_tissue import soft_tissue

RANDOM = np.random.default_rng(0)


def test_noise_does_not_decide() -> None:
    hu = np.where(np.arange(60) < 30, 50.0, -100.0) + RANDOM.normal(0, 40, (50, 60))
    found = soft_tissue(hu, 9)
    assert found[:, :25].all()
    assert not found[:, 35:].any()


def test_the_range_may_be_another() -> None:
    hu = np.repeat([[-60.0, -10.0, 50.0, 130.0]], 5, axis=0)
    np.testing.assert_array_equal(soft_tissue(hu, 1)[0], [False, False, True, False])
    np.testing.assert_array_equal(soft_tissue(hu, 1, (-20, 140))[0], [False, True, True, True])


def test_boxes_hold_nothing_but_soft_tissue() -> None:
    hu = np.full((40, 40), 50.0)
    hu[20, 20] = 50 + 60 * 81  # a mean of 110 HU wherever a box of 9 x 9 holds it
    found = soft_tissue_boxes(hu)
    assert np.count_nonzero(~found) == 17**2
    assert not found[20 - 8 : 20 + 9, 20 - 8 : 20 + 9].any()
