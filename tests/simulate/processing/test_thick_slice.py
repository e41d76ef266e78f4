"""Thick slices of thin ones."""

from __future__ import annotations

import numpy as np
import pytest

from distiliqa.simulate.processing.processing import Processing
from distiliqa.simulate.processing.thick_slice import Neighbors, slab_weights

POSITIONS = np.array([-2.0, -1.0, 1.0, 2.0])
STACK = np.stack([np.full((40, 36), value, np.float32) for value in (10, 20, 60, 100)])
AROUND = Neighbors(STACK, POSITIONS, 1.0)


def test_slices_count_by_their_part_in_the_slab() -> None:
    assert slab_weights(AROUND, 0.7).tolist() == [1, 0, 0, 0, 0]
    assert np.allclose(slab_weights(AROUND, 3), [1 / 3, 0, 1 / 3, 1 / 3, 0])
    assert np.allclose(slab_weights(AROUND, 4), [1 / 4, 1 / 8, 1 / 4, 1 / 4, 1 / 8])


def test_a_thick_slice_is_the_mean_of_thin_ones() -> None:
    hu = np.full((40, 36), 40, np.float32)
    thick = Processing("thick_slice", 5).prepared(hu, 0.7, AROUND)
    assert np.allclose(thick(hu), (10 + 20 + 40 + 60 + 100) / 5)
    assert np.allclose(thick(hu + 10) - thick(hu), 2)  # what one slice alone shows is a fifth


def test_it_is_not_made_of_slices_that_are_not_there() -> None:
    hu = np.full((40, 36), 40, np.float32)
    with pytest.raises(ValueError, match="no slices for all of 8 mm"):
        Processing("thick_slice", 8).prepared(hu, 0.7, AROUND)
    with pytest.raises(ValueError, match="needs the adjacent slices"):
        Processing("thick_slice", 3).prepared(hu, 0.7)
